using System.CommandLine;
using LlmOps.Cli.Output;
using LlmOps.Servers;

namespace LlmOps.Cli.Commands;

/// <summary><c>llmops rm</c>: forgets servers that have ended, and removes their logs.</summary>
internal static class RemoveCommand
{
    public static Command Create()
    {
        ServerNames names = new();
        Option<bool> json = Options.Json();
        Command command = new("rm", "Forget servers that have ended, and remove their logs.") { json };
        names.AddTo(command);
        command.SetAction(parsed =>
        {
            ServerController controller = new(ServerRegistry.Default);
            IReadOnlyList<LlmServer> servers = names.Find(parsed, ServerRegistry.Default);
            foreach (LlmServer server in servers)
            {
                controller.Remove(server.Name);
            }

            if (parsed.GetValue(json))
            {
                JsonOutput.Write([.. servers.Select(server => server.Name)], CliJson.Readable.IReadOnlyListString);
            }
            else
            {
                Console.Out.WriteLine(servers.Count == 0 ? "No servers." : $"Removed {string.Join(", ", servers.Select(server => server.Name))}.");
            }

            return ExitCode.Success;
        });
        return command;
    }
}
