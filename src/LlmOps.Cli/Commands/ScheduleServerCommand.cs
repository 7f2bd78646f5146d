using System.CommandLine;
using LlmOps.Benchmarking.SelfCheck;

namespace LlmOps.Cli.Commands;

/// <summary><c>llmops schedule-server</c>: the server of the self-check. Started by LlmOps itself, so hidden from the help.</summary>
internal static class ScheduleServerCommand
{
    public static Command Create()
    {
        Option<double?> firstToken = Options.Number("--first-token-ms", "MS", "From the request to its first token.");
        Option<double?> interval = Options.Number("--interval-us", "US", "From token to token.");
        Command command = new(ScheduleServerProgram.Verb, "Send tokens on an exact schedule (started by LlmOps itself).") { firstToken, interval };
        command.Hidden = true;
        command.SetAction((parsed, _) => Task.Run(() => ScheduleServerProgram.Run(parsed.GetValue(firstToken) ?? 500, parsed.GetValue(interval) ?? 20_000)));
        return command;
    }
}
