using System.Diagnostics;
using System.Globalization;

namespace LlmOps.Servers;

/// <summary>Whether an engine still does anything, and how much of its model is in memory.</summary>
/// <remarks>
/// vLLM's first process only waits while its workers load and compile, so the whole family counts. What merely waits wakes up now and then, for timers and
/// heartbeats, and that is no work: a sign of life is a hundredth of a core, bytes worth reading, or a page from disk.
/// </remarks>
internal sealed class SignsOfLife
{
    // Clock ticks of /proc are hundredths of a second on every Linux.
    private const double TicksPerSecond = 100;
    private const double BusyShare = 0.01;
    private const long NotableBytes = 64 * Bytes.KiB;

    // The family is found by reading all processes, which is too much for every look.
    private static readonly TimeSpan s_familyInterval = TimeSpan.FromSeconds(1);

    private Mark? _leader;
    private Mark? _family;
    private long _familyLook;

    /// <summary>Looks again.</summary>
    /// <param name="pid">The engine's first process.</param>
    /// <returns>Whether it, or a process that comes from it, has computed or read anything since the last sign.</returns>
    public bool HaveChanged(int pid)
    {
        Reading? leader = Reading.Of(pid);
        if (_leader is null || IsWork(_leader, leader))
        {
            _leader = new Mark(leader, Stopwatch.GetTimestamp());
            return true;
        }

        if (Stopwatch.GetElapsedTime(_familyLook) < s_familyInterval)
        {
            return false;
        }

        _familyLook = Stopwatch.GetTimestamp();
        Reading? family = Family(pid);
        bool works = _family is not null && IsWork(_family, family);
        if (works || _family is null)
        {
            _family = new Mark(family, Stopwatch.GetTimestamp());
        }

        return works;
    }

    /// <summary>How much of a file of <paramref name="modelBytes"/> bytes the process has mapped into memory or read, from 0 to 1.</summary>
    /// <returns>Null when that cannot be told.</returns>
    public static double? LoadedFraction(int pid, long modelBytes)
    {
        if (modelBytes <= 0)
        {
            return null;
        }

        long loaded = Math.Max(ResidentBytes(pid), BytesRead(pid));
        return loaded > 0 ? Math.Min(1d, (double)loaded / modelBytes) : null;
    }

    private static bool IsWork(Mark before, Reading? now)
    {
        if (before.Reading is not { } then || now is not { } reading)
        {
            return before.Reading is null != now is null;
        }

        double idleTicks = 1 + (BusyShare * TicksPerSecond * Stopwatch.GetElapsedTime(before.At).TotalSeconds);
        return reading.Processes != then.Processes // One came or went.
            || reading.Ticks - then.Ticks > idleTicks || reading.Faults > then.Faults || reading.Bytes - then.Bytes >= NotableBytes;
    }

    private static Reading? Family(int pid)
    {
        Dictionary<int, ProcessStatus> all = ProcessStatus.ReadAll().DistinctBy(status => status.Pid).ToDictionary(status => status.Pid);
        if (!all.TryGetValue(pid, out ProcessStatus leader))
        {
            return null;
        }

        // A leader of its own session took its helpers with it; elsewhere, as in a container, descent tells.
        Reading sum = default;
        foreach (ProcessStatus status in all.Values)
        {
            if (!status.IsDead && ((leader.SessionId == pid && status.SessionId == pid) || Descends(status, pid, all)))
            {
                sum = sum.With(status);
            }
        }

        return sum;
    }

    private static bool Descends(ProcessStatus status, int from, Dictionary<int, ProcessStatus> all)
    {
        for (int depth = 0; depth < 64; depth++)
        {
            if (status.Pid == from)
            {
                return true;
            }

            if (!all.TryGetValue(status.ParentPid, out status))
            {
                return false;
            }
        }

        return false;
    }

    private static long BytesRead(int pid) => ReadField(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/io"), "rchar:") ?? 0;

    private static long ResidentBytes(int pid) =>
        (ReadField(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/status"), "VmRSS:") ?? 0) * Bytes.KiB;

    private static long? ReadField(string file, string name)
    {
        try
        {
            foreach (string line in File.ReadLines(file))
            {
                if (line.StartsWith(name, StringComparison.Ordinal))
                {
                    string number = line[name.Length..].Replace("kB", string.Empty, StringComparison.Ordinal).Trim();
                    return long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long value) ? value : null;
                }
            }
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            // Gone, no /proc, or not readable: then this sign is not there to see.
        }

        return null;
    }

    private readonly record struct Reading(int Processes, long Ticks, long Faults, long Bytes)
    {
        public static Reading? Of(int pid) => ProcessStatus.Read(pid) is { } status ? default(Reading).With(status) : null;

        public Reading With(ProcessStatus status) => new(Processes + 1, Ticks + status.ProcessorTicks, Faults + status.MajorFaults, Bytes + BytesRead(status.Pid));
    }

    /// <summary>What was seen at the last sign of life, and when.</summary>
    private sealed record Mark(Reading? Reading, long At);
}
