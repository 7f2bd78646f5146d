using System.CommandLine;
using LlmOps.Cli.Demo;
using LlmOps.Cli.Output;

namespace LlmOps.Cli.Commands;

/// <summary><c>llmops demo</c>: the whole way from a bare machine to a measured server, on a small model, leaving only a report.</summary>
internal static class DemoCommand
{
    private const string DefaultFolder = "out/demo";

    public static Command Create()
    {
        Option<string?> output = new("--output", "-o") { HelpName = "FOLDER", Description = $"Where the report goes ({DefaultFolder})." };
        Option<string?> enginePath = Options.Text("--engine-path", "FILE", "The llama-server to use; else the one found, else one is obtained.");
        Option<string?> keepModel = Options.Text("--keep-model", "FILE", "Where a copy of the small model goes; else it is not kept.");
        Command command = new("demo", "Show everything on a small model: find, check, plan, start, measure, report, stop.") { output, enginePath, keepModel };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            DemoRun run = new(Screen.Output, Path.GetFullPath(parsed.GetValue(output) ?? DefaultFolder), parsed.GetValue(enginePath), parsed.GetValue(keepModel));
            await run.RunAsync(cancellationToken).ConfigureAwait(false);
            return ExitCode.Success;
        });
        return command;
    }
}
