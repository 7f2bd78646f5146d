using System.CommandLine;
using LlmOps.Cli.Output;
using LlmOps.Servers;

namespace LlmOps.Cli.Commands;

/// <summary><c>llmops ps</c>: the servers and what they are doing.</summary>
internal static class PsCommand
{
    public static Command Create()
    {
        Option<bool> all = new("--all", "-a") { Description = "Also those that have ended." };
        Option<bool> json = Options.Json();
        Command command = new("ps", "List servers and what they are doing.") { all, json };
        command.SetAction(parsed =>
        {
            IReadOnlyList<LlmServer> servers = [.. ServerRegistry.Default.List().Where(server => parsed.GetValue(all) || !HasEnded(server))];
            ServerView.Write(servers, parsed.GetValue(json));
            return ExitCode.Success;
        });
        return command;
    }

    /// <summary>Whether a server has ended, as far as its record says.</summary>
    public static bool HasEnded(LlmServer server) => server.State is ServerState.Stopped or ServerState.Failed;
}
