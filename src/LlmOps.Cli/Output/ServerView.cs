using System.Globalization;
using LlmOps.Servers;
using Spectre.Console;

namespace LlmOps.Cli.Output;

/// <summary>Servers as people and as scripts want to see them.</summary>
internal static class ServerView
{
    /// <summary>Writes several servers to standard output.</summary>
    public static void Write(IReadOnlyList<LlmServer> servers, bool json)
    {
        if (json)
        {
            JsonOutput.Write(servers, CliJson.Readable.IReadOnlyListLlmServer);
        }
        else
        {
            WriteTable(Screen.Output, servers);
        }
    }

    /// <summary>Writes one server to standard output.</summary>
    public static void Write(LlmServer server, bool json)
    {
        if (json)
        {
            JsonOutput.Write(server, CliJson.Readable.LlmServer);
        }
        else
        {
            WriteTable(Screen.Output, [server]);
        }
    }

    /// <summary>Shows <paramref name="servers"/> to people.</summary>
    public static void WriteTable(IAnsiConsole console, IReadOnlyList<LlmServer> servers)
    {
        if (servers.Count == 0)
        {
            console.Line("No servers.");
            return;
        }

        Table table = Screen.Table("Name", "State", ">Pid", "Endpoint", "Model", "Context x slots", "Started", "Note");
        foreach (LlmServer server in servers)
        {
            table.Row(
                server.Name,
                server.State.ToString(),
                server.Pid?.ToString(CultureInfo.InvariantCulture),
                server.Endpoint.ToString().TrimEnd('/'),
                server.Alias ?? Path.GetFileName(server.Model),
                server.ContextLength is { } context ? $"{context} x {server.Slots}" : null,
                server.StartedAt.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture),
                server.Reason ?? Ending(server));
        }

        console.Write(table);
    }

    private static string? Ending(LlmServer server) =>
        server.ExitSignal ?? (server.ExitCode is { } code ? $"exit code {code}" : null);
}
