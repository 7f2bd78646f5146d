using System.Globalization;
using System.Text;
using LlmOps.Native.Libc;

namespace LlmOps.Servers;

/// <summary>One line of <c>/proc/PID/stat</c>: what the kernel says of a process.</summary>
/// <param name="Pid">Its id.</param>
/// <param name="State">One letter: R, S, D, Z (dead, not yet collected), X (dead), ...</param>
/// <param name="ParentPid">Its parent.</param>
/// <param name="GroupId">Its process group.</param>
/// <param name="SessionId">Its session.</param>
/// <param name="MajorFaults">Pages that had to be read from disk.</param>
/// <param name="ProcessorTicks">Time spent in user and kernel mode, in clock ticks.</param>
/// <param name="Threads">Its threads.</param>
/// <param name="StartTicks">When it started, in clock ticks since boot: unaffected by changes of the wall clock.</param>
/// <remarks>Source of the fields: proc_pid_stat(5).</remarks>
internal readonly record struct ProcessStatus(
    int Pid, char State, int ParentPid, int GroupId, int SessionId, long MajorFaults, long ProcessorTicks, int Threads, long StartTicks)
{
    /// <summary>Whether it has ended. A zombie has: only its exit code is left, and a container's first process may never collect it.</summary>
    /// <remarks>A process whose first thread is a zombie while others still end keeps its port and its memory until they have.</remarks>
    public bool IsDead => State is 'X' or 'x' || (State == 'Z' && Threads <= 1);

    /// <summary>Reads the status of <paramref name="pid"/>.</summary>
    /// <returns>Null when there is no such process, or no /proc.</returns>
    public static ProcessStatus? Read(int pid)
    {
        try
        {
            string file = string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat");
            return LibcFile.IsUsable
                ? LibcFile.Read(file) is { } line ? Parse(Encoding.UTF8.GetString(line)) : null
                : Parse(File.ReadAllText(file));
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            // Gone between the decision to look and the look; reading a process that just died says "no such process".
            return null;
        }
    }

    /// <summary>Every process that can be seen.</summary>
    public static IEnumerable<ProcessStatus> ReadAll()
    {
        if (!Directory.Exists("/proc/self"))
        {
            yield break;
        }

        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int pid)
                && Read(pid) is { } status)
            {
                yield return status;
            }
        }
    }

    /// <summary>Reads one stat line.</summary>
    /// <returns>Null when it is not one.</returns>
    public static ProcessStatus? Parse(string line)
    {
        // The second field is the program's name in parentheses; it may itself hold spaces and parentheses, so the last one counts.
        int open = line.IndexOf('(', StringComparison.Ordinal);
        int close = line.LastIndexOf(')');
        if (open < 1 || close < open || !int.TryParse(line.AsSpan(0, open).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int pid))
        {
            return null;
        }

        string[] fields = line[(close + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        const int FirstField = 3; // fields[0] is the third field of the manual page
        return fields.Length > 22 - FirstField && fields[0].Length == 1
            ? new ProcessStatus(pid, fields[0][0], (int)Field(4), (int)Field(5), (int)Field(6), Field(12), Field(14) + Field(15), (int)Field(20), Field(22))
            : null;

        long Field(int number) => long.TryParse(fields[number - FirstField], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) ? value : 0;
    }
}
