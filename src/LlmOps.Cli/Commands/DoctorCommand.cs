using System.CommandLine;
using LlmOps.Cli.Output;
using LlmOps.Configuration;
using LlmOps.Diagnostics;
using LlmOps.Diagnostics.Reports;
using LlmOps.Engines;
using LlmOps.Hardware;

namespace LlmOps.Cli.Commands;

/// <summary><c>llmops doctor</c>: looks for what will fail before it fails.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        Option<string?> config = Options.Text("--config", "FILE", "Check this configuration: its engine, model, port and files.");
        Option<string?> model = Options.Text("--model", "PATH", "Check this model.");
        Option<string?> topology = Options.Text("--topology", "FILE", "Check the machine of a saved topology instead of this one.");
        Option<string?> engine = Options.Text("--engine", "NAME", $"Check for this engine: {string.Join(" or ", EngineSelection.Names)}; else the one that runs the model.");
        Option<string?> enginePath = Options.Text("--engine-path", "FILE", "Check this engine's binary; else the best one found.");
        Option<CheckCategory[]> category = Options.Choices<CheckCategory>("--category", "Only checks of these categories.");
        Option<string[]> id = Options.Words("--id", "ID", "Only these checks, with wildcards: gpu.*,python.nvcc.");
        Option<string[]> exclude = Options.Words("--exclude", "ID", "Not these checks, with wildcards.");
        Option<string[]> role = Options.Words("--role", "ROLE", "Roles that clients send besides system, user and assistant: developer,tool.");
        Option<CheckStatus[]> status = Options.Choices<CheckStatus>("--status", "Only findings of these statuses; all checks run, and the exit code is that of all.");
        Option<bool> all = new("--all") { Description = "Show the checks that do not apply too; else they are only counted. --json has all of them anyway." };
        Option<bool> quiet = new("--quiet", "-q") { Description = "Print nothing; the exit code says whether a check failed." };
        Option<string?> junit = Options.Text("--junit", "FILE", "Write what was found as JUnit's XML, for build servers.");
        Option<string?> markdown = Options.Text("--markdown", "FILE", "Write what was found as a page for people.");
        Option<bool> fix = new("--fix") { Description = "Apply the remedies that are safe, asking before each; other remedies are only shown." };
        Option<bool> yes = new("--yes", "-y") { Description = "With --fix: do not ask." };
        Option<bool> fixes = new("--fixes") { Description = "List what --fix did, and how each is taken back." };
        Option<string?> undo = Options.Text("--undo", "NAME", "Take back what --fix did: a name of --fixes, or a check's id.");
        Option<bool> json = Options.Json();
        Command command = new("doctor", "Check the machine, the engine and a configuration.") { config, model, topology, engine, enginePath, category, id, exclude, role, status, all, quiet, junit, markdown, fix, yes, fixes, undo, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (parsed.GetValue(fixes) || parsed.GetValue(undo) is not null)
            {
                return await DoctorFixes.ShowAsync(parsed.GetValue(undo), parsed.GetValue(json), cancellationToken).ConfigureAwait(false);
            }

            CheckSelection selection = new() { Categories = parsed.GetValue(category) ?? [], Ids = parsed.GetValue(id) ?? [], Exclude = parsed.GetValue(exclude) ?? [], Statuses = parsed.GetValue(status) ?? [] };
            selection.RequireKnown(EnvironmentChecks.Ids);
            CheckRequest request = new()
            {
                Topology = parsed.GetValue(topology) is { } saved ? TopologyFile.Read(saved) : null,
                IsOtherMachine = parsed.GetValue(topology) is not null,
                Config = parsed.GetValue(config) is { } file ? ServerConfigFile.Read(file) : null,
                Model = parsed.GetValue(model),
                Engine = parsed.GetValue(engine),
                EnginePath = parsed.GetValue(enginePath),
                Roles = parsed.GetValue(role) ?? [],
            };
            CheckContext context = await CheckContextReader.ReadAsync(request, cancellationToken).ConfigureAwait(false);
            List<CheckResult> results = await new EnvironmentChecks().RunAsync(context, selection, cancellationToken).ToListAsync(cancellationToken).ConfigureAwait(false);
            if (parsed.GetValue(fix))
            {
                results = await DoctorFixes.ApplyAsync(request, selection, results, parsed.GetValue(yes), cancellationToken).ConfigureAwait(false);
            }

            CheckResult[] given = [.. results.Where(selection.Gives)];
            CheckReportContext about = request.Config is { } checkedConfig ? new() { Subject = $"{checkedConfig.Name} on {Environment.MachineName}" } : new();
            foreach ((string? path, CheckReportFormat format) in ((string?, CheckReportFormat)[])[(parsed.GetValue(junit), CheckReportFormat.JUnit), (parsed.GetValue(markdown), CheckReportFormat.Markdown)])
            {
                if (path is not null)
                {
                    await ReportCommand.WriteAsync(path, CheckReport.Write(format, given, about), cancellationToken).ConfigureAwait(false);
                }
            }

            if (parsed.GetValue(json))
            {
                JsonOutput.Write(given, CliJson.Readable.IReadOnlyListCheckResult);
            }
            else if (!parsed.GetValue(quiet))
            {
                CheckView.Write(Screen.Output, given, withSkipped: parsed.GetValue(all) || selection.Statuses.Count > 0 || selection.Ids.Count > 0);
            }

            return results.Any(result => result.Status == CheckStatus.Fail) ? ExitCode.FindingFailed : ExitCode.Success;
        });
        return command;
    }
}
