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
            JsonOutput.Write(ServerDocument.ToJson(servers));
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
            JsonOutput.Write(ServerDocument.ToJson(server));
        }
        else
        {
            WriteTable(Screen.Output, [server]);
        }
    }

    /// <summary>Writes a server that has just been started: what it allocated, and on standard error what is not as it was meant.</summary>
    public static void WriteStarted(LlmServer server, bool json)
    {
        Write(server, json);
        if (!json)
        {
            foreach (DeviceAllocation device in server.PlanAccuracy)
            {
                Console.Out.WriteLine($"  {device}");
            }
        }

        foreach (string warning in server.Warnings)
        {
            Warn(server, warning);
        }
    }

    /// <summary>Writes servers that have just been stopped, and on standard error which GPUs did not get their memory back.</summary>
    public static void WriteStopped(IReadOnlyList<LlmServer> servers, bool json)
    {
        Write(servers, json);
        foreach (LlmServer server in servers)
        {
            foreach (string warning in server.GpuMemory.Select(gpu => gpu.Warning).OfType<string>())
            {
                Warn(server, warning);
            }
        }
    }

    /// <summary>Loads what showing a server takes, while one is still being waited for.</summary>
    public static void Prepare()
    {
        LlmServer nobody = new() { Name = "-", Endpoint = new Uri("http://127.0.0.1"), Engine = "-", Model = "-", LogPath = "-", ConfigPath = "-" };
        WriteTable(Screen.Nowhere(), [nobody]);
    }

    /// <summary>Shows <paramref name="servers"/> to people.</summary>
    public static void WriteTable(IAnsiConsole console, IReadOnlyList<LlmServer> servers)
    {
        if (servers.Count == 0)
        {
            console.Line("No servers.");
            return;
        }

        Table table = Screen.Table("Name", "!State", ">Pid", "!Endpoint", "Model", "Context", "!Started", "Note");
        foreach (LlmServer server in servers)
        {
            table.Row(
                server.Name,
                server.State.ToString(),
                server.Pid?.ToString(CultureInfo.InvariantCulture),
                server.Endpoint.ToString().TrimEnd('/'),
                server.Alias ?? Path.GetFileName(server.Model),
                server.ContextLength is { } context ? (server.Slots is { } slots ? $"{context} x {slots}" : $"{context}") : null,
                Started(server.StartedAt.ToLocalTime()),
                server.Reason ?? Ending(server) ?? (server.Warnings is [var warning, ..] ? warning : null));
        }

        console.Write(table);
    }

    private static void Warn(LlmServer server, string warning) => Console.Error.WriteLine($"llmops: warning: {server.Name}: {warning}");

    private static string Started(DateTimeOffset time) =>
        time.ToString(time.Date == TimeProvider.System.GetLocalNow().Date ? "HH:mm:ss" : "yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);

    private static string? Ending(LlmServer server) =>
        server.ExitSignal ?? (server.ExitCode is { } code ? $"exit code {code}" : null);
}
