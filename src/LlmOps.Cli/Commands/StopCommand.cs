using System.CommandLine;
using LlmOps.Cli.Output;
using LlmOps.Servers;

namespace LlmOps.Cli.Commands;

/// <summary><c>llmops stop</c>: ends servers and waits until they are gone.</summary>
internal static class StopCommand
{
    private static readonly TimeSpan DefaultGrace = TimeSpan.FromSeconds(10);

    public static Command Create()
    {
        ServerNames names = new();
        Option<TimeSpan?> grace = Options.Seconds("--grace", "How long a server may take to end by itself (10).");
        Option<bool> json = Options.Json();
        Command command = new("stop", "Stop servers.") { grace, json };
        names.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            ServerController controller = new(ServerRegistry.Default);
            IReadOnlyList<LlmServer> servers = names.Find(parsed, ServerRegistry.Default);
            LlmServer[] stopped = await LiveProgress.RunAsync(
                "stopping",
                parsed.GetValue(json),
                _ => Task.WhenAll(servers.Select(server => controller.StopAsync(server.Name, parsed.GetValue(grace) ?? DefaultGrace, cancellationToken)))).ConfigureAwait(false);
            // Leftovers of servers that have ended are ended too; to list those among all would bury the others.
            LlmServer[] shown = names.AreAll(parsed) ? [.. stopped.Zip(servers).Where(pair => !PsCommand.HasEnded(pair.Second)).Select(pair => pair.First)] : stopped;
            ServerView.WriteStopped(shown, parsed.GetValue(json));
            return ExitCode.Success;
        });
        return command;
    }
}
