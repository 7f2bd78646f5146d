using System.CommandLine;
using LlmOps.Cli.Output;
using LlmOps.Servers;

namespace LlmOps.Cli.Commands;

/// <summary><c>llmops wait NAME</c>: waits until a server is ready, or has ended.</summary>
internal static class WaitCommand
{
    public static Command Create()
    {
        Argument<string> name = new("NAME") { Description = "The server." };
        Option<TimeSpan?> timeout = Options.Seconds("--timeout", "Give up after this time; the server goes on.");
        Option<bool> stopped = new("--stopped") { Description = "Wait until it has ended instead." };
        Option<bool> json = Options.Json();
        Command command = new("wait", "Wait until a server is ready.") { name, timeout, stopped, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            string server = parsed.GetRequiredValue(name);
            ServerState state = parsed.GetValue(stopped) ? ServerState.Stopped : ServerState.Ready;
            ServerController controller = new(ServerRegistry.Default);
            LlmServer reached = await LiveProgress.RunAsync(
                $"waiting for {server}",
                parsed.GetValue(json),
                lines => controller.WaitAsync(server, state, parsed.GetValue(timeout), LiveProgress.ForStart(lines), cancellationToken)).ConfigureAwait(false);
            ServerView.Write(reached, parsed.GetValue(json));
            return ExitCode.Success;
        });
        return command;
    }
}
