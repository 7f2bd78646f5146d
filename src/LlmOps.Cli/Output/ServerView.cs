using System.Globalization;
using System.Text;
using LlmOps.Processes;
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
    /// <remarks>Lines and not a table: to load what draws tables takes longer than a small model takes to load, and would do so beside it.</remarks>
    public static void WriteStarted(LlmServer server, bool json)
    {
        if (json)
        {
            JsonOutput.Write(ServerDocument.ToJson(server));
        }
        else
        {
            StringBuilder lines = new StringBuilder(Describe(server)).AppendLine();
            foreach (DeviceAllocation device in server.PlanAccuracy)
            {
                lines.Append("  ").AppendLine(device.ToString());
            }

            StandardOutput.Write(lines.ToString());
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
                server.Address.TrimEnd('/'),
                server.Alias ?? Path.GetFileName(server.Model),
                Context(server),
                Started(server.StartedAt.ToLocalTime()),
                server.Reason ?? Ending(server) ?? (server.Warnings is [var warning, ..] ? warning : null));
        }

        console.Write(table);
    }

    private static string Describe(LlmServer server)
    {
        string process = server.Pid is { } pid ? string.Create(CultureInfo.InvariantCulture, $", process {pid}") : string.Empty;
        string context = Context(server) is { } known ? $", context {known}" : string.Empty;
        string state = server.State == ServerState.Ready ? "is ready at" : $"({server.State}) will be at";
        return $"{server.Name} {state} {server.Address.TrimEnd('/')} ({server.Alias ?? Path.GetFileName(server.Model)}{context}{process})";
    }

    private static string? Context(LlmServer server) => server.ContextLength is { } context
        ? (server.Slots is { } slots ? string.Create(CultureInfo.InvariantCulture, $"{context} x {slots}") : context.ToString(CultureInfo.InvariantCulture))
        : null;

    private static void Warn(LlmServer server, string warning) => Console.Error.WriteLine($"llmops: warning: {server.Name}: {warning}");

    private static string Started(DateTimeOffset time) =>
        time.ToString(time.Date == TimeProvider.System.GetLocalNow().Date ? "HH:mm:ss" : "yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);

    private static string? Ending(LlmServer server) =>
        server.ExitSignal ?? (server.ExitCode is { } code ? $"exit code {code}" : null);
}
