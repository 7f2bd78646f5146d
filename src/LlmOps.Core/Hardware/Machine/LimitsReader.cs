namespace LlmOps.Hardware.Machine;

/// <summary>Reads the limits of this process and the size of its shared memory.</summary>
internal static class LimitsReader
{
    private const string SharedMemory = "/dev/shm";

    public static HostLimits Read(SystemFiles files)
    {
        string table = files.ReadText("/proc/self/limits") ?? string.Empty;
        return new HostLimits
        {
            MemlockBytes = SoftLimit(table, "Max locked memory"),
            Nofile = SoftLimit(table, "Max open files"),
            ShmBytes = SharedMemoryBytes(files) ?? (files.IsLive ? MountedSize() : null),
        };
    }

    /// <summary>The size of what was mounted last, which hides the others.</summary>
    private static long? SharedMemoryBytes(SystemFiles files)
    {
        Mount? last = null;
        foreach (Mount mount in MountTable.Read(files))
        {
            last = mount.MountPoint == SharedMemory ? mount : last;
        }

        return last?.TmpfsBytes;
    }

    /// <summary>The soft limit, which is the one that counts, in a /proc/PID/limits table; -1 for unlimited.</summary>
    internal static long? SoftLimit(string table, string name)
    {
        foreach (ReadOnlySpan<char> line in new TextLines(table))
        {
            if (line.StartsWith(name, StringComparison.Ordinal))
            {
                string soft = line[name.Length..].Trim().ToString().Split(' ')[0];
                return soft == "unlimited" ? -1
                    : SystemFiles.ParseDigits(soft);
            }
        }

        return null;
    }

    private static long? MountedSize()
    {
        try
        {
            return Directory.Exists(SharedMemory) ? new DriveInfo(SharedMemory).TotalSize : null;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
