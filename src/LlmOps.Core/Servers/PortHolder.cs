using System.Globalization;
using LlmOps.Logs;

namespace LlmOps.Servers;

/// <summary>Finds who listens on a TCP port, where the system lets us see that.</summary>
internal static class PortHolder
{
    private const string Listening = "0A";

    /// <summary>The process that listens on <paramref name="port"/>: <c>llama-server (process 4711)</c>; null when it cannot be told.</summary>
    public static string? Describe(int port) => Find(port) is { } pid
        ? $"{NameOf(pid)} (process {pid.ToString(CultureInfo.InvariantCulture)})"
        : null;

    /// <summary>The same with the command it was started by: <c>llama-server (process 4711: llama-server --port 8080)</c>.</summary>
    public static string? DescribeWithCommand(int port) => Find(port) is { } pid
        ? $"{NameOf(pid)} (process {pid.ToString(CultureInfo.InvariantCulture)}{(CommandOf(pid) is { Length: > 0 } command ? ": " + command : string.Empty)})"
        : null;

    /// <summary>The process that listens on <paramref name="port"/>; null when none does, or it cannot be told.</summary>
    public static int? Find(int port)
    {
        HashSet<string> sockets = [.. ListeningInodes(port).Select(inode => $"socket:[{inode}]")];
        if (sockets.Count == 0)
        {
            return null;
        }

        foreach (ProcessStatus status in ProcessStatus.ReadAll())
        {
            if (Holds(status.Pid, sockets))
            {
                return status.Pid;
            }
        }

        return null;
    }

    /// <summary>Whether anything listens on <paramref name="port"/>, on any address.</summary>
    public static bool IsListening(int port) => ListeningInodes(port).Any();

    // Columns: sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode. Source: the kernel's proc_net_tcp.rst.
    private static IEnumerable<string> ListeningInodes(int port)
    {
        string suffix = string.Create(CultureInfo.InvariantCulture, $":{port:X4}");
        foreach (string table in new[] { "/proc/net/tcp", "/proc/net/tcp6" })
        {
            if (!File.Exists(table))
            {
                continue;
            }

            foreach (string line in File.ReadLines(table))
            {
                string[] columns = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (columns.Length > 9 && columns[3] == Listening && columns[1].EndsWith(suffix, StringComparison.Ordinal))
                {
                    yield return columns[9];
                }
            }
        }
    }

    private static bool Holds(int pid, HashSet<string> sockets)
    {
        try
        {
            foreach (string descriptor in Directory.EnumerateFiles(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/fd")))
            {
                if (new FileInfo(descriptor).LinkTarget is { } target && sockets.Contains(target))
                {
                    return true;
                }
            }
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            // Somebody else's process, or gone: who holds the port then stays unknown.
        }

        return false;
    }

    // Enough to tell what it is; keys that somebody passes on a command line are not repeated.
    private static string CommandOf(int pid)
    {
        const int Longest = 100;
        try
        {
            string[] words = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/cmdline")).Split('\0', StringSplitOptions.RemoveEmptyEntries);
            for (int i = 1; i < words.Length; i++)
            {
                words[i] = words[i - 1] is "--api-key" or "--hf-token" or "-hft" ? SecretMask.Replacement : words[i];
            }

            string command = new SecretMask([]).Apply(string.Join(' ', words));
            return command.Length <= Longest ? command : command[..Longest] + "...";
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return string.Empty;
        }
    }

    private static string NameOf(int pid)
    {
        string file = string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/comm");
        try
        {
            return File.ReadAllText(file).Trim();
        }
        catch (IOException)
        {
            return "a program";
        }
    }
}
