using System.Globalization;

namespace LlmOps.Servers;

/// <summary>Whether a process still does anything, and how much of its model is in memory.</summary>
internal sealed class SignsOfLife
{
    private long _seen = -1;

    /// <summary>Looks again.</summary>
    /// <returns>Whether the process has computed or read anything since the last look.</returns>
    public bool HaveChanged(int pid)
    {
        long now = ProcessStatus.Read(pid) is { } status ? status.ProcessorTicks + status.MajorFaults + BytesRead(pid) : -1;
        bool changed = now != _seen;
        _seen = now;
        return changed;
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
}
