using System.Runtime.CompilerServices;
using LlmOps.Logs;

namespace LlmOps.Servers;

/// <summary>Reads servers' logs, also while they are written and across their files.</summary>
public static class ServerLog
{
    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(50);

    /// <summary>The last lines of the log, oldest first, each with the time in front. The files of earlier starts follow on seamlessly.</summary>
    /// <param name="server">The server.</param>
    /// <param name="lines">How many at most.</param>
    public static IReadOnlyList<string> Tail(LlmServer server, int lines) => ServerRuntimes.Of(server.Runtime).Tail(server, lines);

    /// <summary>The lines of the server's latest start, its automatic restarts included; those of earlier starts are history.</summary>
    /// <param name="server">The server.</param>
    public static IReadOnlyList<string> SinceStart(LlmServer server)
    {
        // The log's times are cut to milliseconds.
        DateTimeOffset start = server.StartedAt.AddTicks(-(server.StartedAt.Ticks % TimeSpan.TicksPerMillisecond));
        return [.. Tail(server, int.MaxValue).SkipWhile(line => !LogLine.TryReadTime(line, out DateTimeOffset time) || time < start)];
    }

    /// <summary>The last lines of the log, then each new one as it is written, until the server has ended.</summary>
    /// <param name="server">The server.</param>
    /// <param name="tail">How many lines that are there already come first.</param>
    /// <param name="cancellationToken">Ends the following.</param>
    public static async IAsyncEnumerable<string> FollowAsync(
        LlmServer server, int tail, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ServerFolder folder = new(Path.GetDirectoryName(server.ConfigPath)!);
        using ILogReader follower = ServerRuntimes.Of(server.Runtime).OpenLog(folder, tail);
        for (bool running = true; running;)
        {
            // Asked before reading: what is written until the end is read in the last round.
            running = folder.Exists && ServerView.Read(folder) is var now && now.IsRunning() && now.State != ServerState.Unsupervised;
            foreach (string line in follower.ReadNew(running))
            {
                yield return line;
            }

            if (running)
            {
                await Task.Delay(s_poll, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    internal static IReadOnlyList<string> Tail(string path, int lines)
    {
        List<IReadOnlyList<string>> parts = [];
        int found = 0;
        for (int number = 0; found < lines && File.Exists(RotatingLog.FileName(path, number)); number++)
        {
            IReadOnlyList<string> part = LogTail.Read(RotatingLog.FileName(path, number), lines - found);
            parts.Add(part);
            found += part.Count;
        }

        parts.Reverse();
        return [.. parts.SelectMany(part => part)];
    }
}
