using System.CommandLine;
using System.Text;
using LlmOps.Cli.Output;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Planning;
using LlmOps.Planning.Distributed;
using LlmOps.Servers;

namespace LlmOps.Cli.Commands;

/// <summary><c>llmops plan</c>: computes a launch configuration and explains every value in it.</summary>
internal static class PlanCommand
{
    public static Command Create()
    {
        PlanArguments arguments = new();
        Option<bool> json = Options.Json();
        Option<bool> yaml = new("--yaml") { Description = "Print the configuration as YAML, as 'llmops start' reads it." };
        Option<bool> explain = new("--explain") { Description = "Show what was considered and rejected too." };
        Option<bool> script = new("--script") { Description = "Print what each of several machines runs: a script that takes the machine's name, or the manifest for Kubernetes." };
        Option<string?> output = new("--output", "-o") { HelpName = "FILE", Description = "Write the YAML (with --json or --script, that) to this file." };
        Command command = new("plan", "Compute a launch configuration and say why each value is what it is.");
        arguments.AddTo(command);
        command.Options.Add(json);
        command.Options.Add(yaml);
        command.Options.Add(script);
        command.Options.Add(output);
        command.Options.Add(explain);
        command.Validators.Add(result =>
        {
            if (new[] { json, yaml, script }.Count(result.GetValue) > 1)
            {
                result.AddError("--json and --yaml and --script exclude each other");
            }
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            PlannedServer planned = await arguments.PlanAsync(parsed, cancellationToken).ConfigureAwait(false);
            LaunchCommand launch = ServerLaunch.Render(planned.Config, planned.Engine, !arguments.IsForAnotherMachine(parsed));
            string? file = parsed.GetValue(output);
            string? document = parsed.GetValue(json) ? PlanDocument.ToJson(planned.Config, planned.Model, launch, planned.Engine)
                : parsed.GetValue(script) ? ClusterScript.Of(planned.Config, planned.Engine)
                : parsed.GetValue(yaml) || file is not null ? ServerConfigFile.ToYaml(planned.Config)
                : null;
            if (file is not null)
            {
                await File.WriteAllTextAsync(file, document, new UTF8Encoding(false), cancellationToken).ConfigureAwait(false);
                Console.Error.WriteLine($"written to {file}");
            }
            else if (document is not null)
            {
                JsonOutput.Write(document);
            }
            else
            {
                PlanView.Write(Screen.Output, planned.Config, launch, parsed.GetValue(explain), planned.Config.Cluster is null ? null : ClusterScript.Of(planned.Config, planned.Engine));
            }

            return ReportProblems(planned.Config);
        });
        return command;
    }

    /// <summary>Writes what stands in the way to standard error.</summary>
    /// <returns>The exit code: a plan that cannot start is a finding that failed.</returns>
    public static int ReportProblems(ServerConfig config)
    {
        foreach (PlanProblem problem in config.Problems)
        {
            ErrorReport.WriteLine($"{problem.Message}; {problem.Remedy}");
        }

        return config.Problems.Count == 0 ? ExitCode.Success : ExitCode.FindingFailed;
    }
}
