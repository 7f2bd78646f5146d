using System.CommandLine;
using LlmOps.Cli.Output;
using LlmOps.Servers;

namespace LlmOps.Cli.Commands;

/// <summary><c>llmops restart NAME</c>: stops a server and starts it again with the same configuration.</summary>
internal static class RestartCommand
{
    public static Command Create()
    {
        Argument<string> name = new("NAME") { Description = "The server." };
        Option<TimeSpan?> timeout = Options.Seconds("--timeout", "Give up when it is not ready by then.");
        Option<bool> json = Options.Json();
        Command command = new("restart", "Stop a server and start it again as it was.") { name, timeout, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            string server = parsed.GetRequiredValue(name);
            ServerController controller = new(ServerRegistry.Default);
            LlmServer restarted = await LiveProgress.RunAsync(
                $"restarting {server}",
                parsed.GetValue(json),
                lines => controller.RestartAsync(server, SupervisorCommand.Find(), parsed.GetValue(timeout), LiveProgress.ForStart(lines), cancellationToken)).ConfigureAwait(false);
            ServerView.Write(restarted, parsed.GetValue(json));
            return ExitCode.Success;
        });
        return command;
    }
}
