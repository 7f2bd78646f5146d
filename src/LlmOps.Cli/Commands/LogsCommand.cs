using System.CommandLine;
using LlmOps.Cli.Output;
using LlmOps.Servers;

namespace LlmOps.Cli.Commands;

/// <summary><c>llmops logs NAME</c>: what a server wrote.</summary>
internal static class LogsCommand
{
    private const int DefaultTail = 50;

    public static Command Create()
    {
        Argument<string> name = new("NAME") { Description = "The server." };
        Option<int?> tail = Options.Whole("--tail", "N", 0, int.MaxValue, $"How many of the last lines to show ({DefaultTail}).");
        Option<bool> follow = new("--follow", "-f") { Description = "Go on with new lines until Ctrl+C or the server's end." };
        Option<bool> json = Options.Json();
        Command command = new("logs", "Show what a server wrote.") { name, tail, follow, json };
        command.Validators.Add(result =>
        {
            if (result.GetValue(follow) && result.GetValue(json))
            {
                result.AddError("--follow never ends, so that it is no JSON document; leave out one of --follow and --json");
            }
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            LlmServer server = ServerNames.Require(ServerRegistry.Default, parsed.GetRequiredValue(name));
            int lines = parsed.GetValue(tail) ?? DefaultTail;
            if (parsed.GetValue(follow))
            {
                await foreach (string line in ServerLog.FollowAsync(server, lines, cancellationToken).ConfigureAwait(false))
                {
                    Console.Out.WriteLine(line);
                }
            }
            else if (parsed.GetValue(json))
            {
                JsonOutput.Write(ServerLog.Tail(server, lines), CliJson.Readable.IReadOnlyListString);
            }
            else
            {
                foreach (string line in ServerLog.Tail(server, lines))
                {
                    Console.Out.WriteLine(line);
                }
            }

            return ExitCode.Success;
        });
        return command;
    }
}
