using System.CommandLine;
using LlmOps.Cli.Output;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Servers;

namespace LlmOps.Cli.Commands;

/// <summary><c>llmops start</c>: starts a server and waits until it is ready or has failed.</summary>
internal static class StartCommand
{
    /// <summary>The command's name.</summary>
    public const string Name = "start";

    public static Command Create()
    {
        Argument<string?> file = new("CONFIG.yaml") { Description = "A configuration, as 'llmops plan --yaml' writes it; or plan one now with --model.", Arity = ArgumentArity.ZeroOrOne };
        PlanArguments planning = new();
        Option<TimeSpan?> timeout = Options.Seconds("--timeout", "Give up when it is not ready by then, and stop it.");
        Option<bool> noWait = new("--no-wait") { Description = "Return once its process runs; 'llmops wait' waits later." };
        Option<bool> force = new("--force") { Description = "Start although the plan does not fit, or in the open without a key." };
        Option<bool> dryRun = new("--dry-run") { Description = "Only show the command that would be run." };
        Option<bool> json = Options.Json();
        Command command = new(Name, "Start a server and wait until it is ready.") { file, timeout, noWait, force, dryRun, json };
        planning.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            PlannedConfig planned = await ConfigAsync(parsed, parsed.GetValue(file), planning, command, cancellationToken).ConfigureAwait(false);
            if (parsed.GetValue(dryRun))
            {
                Show(planned, parsed.GetValue(json));
                return PlanCommand.ReportProblems(planned.Config);
            }

            StartRun run = new(!parsed.GetValue(noWait), parsed.GetValue(timeout), parsed.GetValue(force), parsed.GetValue(json));
            return await run.RunAsync(planned.Config, planned.Launch, cancellationToken).ConfigureAwait(false);
        });
        return command;
    }

    private sealed record PlannedConfig(ServerConfig Config, LaunchCommand Launch);

    private static async Task<PlannedConfig> ConfigAsync(
        ParseResult parsed, string? file, PlanArguments planning, Command command, CancellationToken cancellationToken)
    {
        if (file is not null)
        {
            if (PlanArguments.FirstGiven(parsed, command) is { } option)
            {
                throw new LlmOpsException($"{option} plans a configuration, but {file} is one; give the file or the planning options", "StartAmbiguous");
            }

            ServerConfig config = ServerConfigFile.Read(file);
            return new PlannedConfig(config, await ServerLaunch.PrepareAsync(config, cancellationToken).ConfigureAwait(false));
        }

        if (!planning.NamesModel(parsed))
        {
            throw new LlmOpsException("nothing to start: name a configuration file, or a model with --model", "StartNothing");
        }

        if (planning.IsForAnotherMachine(parsed))
        {
            throw new LlmOpsException("a server starts on this machine; --topology is for 'llmops plan'", "StartElsewhere");
        }

        PlannedServer planned = await planning.PlanAsync(parsed, cancellationToken).ConfigureAwait(false);
        return new PlannedConfig(planned.Config, ServerLaunch.Render(planned.Config, planned.Engine, isThisMachine: true));
    }

    private static void Show(PlannedConfig planned, bool json)
    {
        if (json)
        {
            JsonOutput.Write(planned.Launch, CliJson.Readable.LaunchCommand);
        }
        else if (planned.Config.Runtime == RuntimeNames.Systemd)
        {
            Console.Out.WriteLine(ServerLaunch.Describe(planned.Config, planned.Launch));
        }
        else
        {
            PlanView.WriteCommand(planned.Launch);
        }
    }
}
