namespace LlmOps.Hardware.Machine;

/// <summary>What this process's cgroup allows. A limit of any ancestor counts too, so the whole way up is read.</summary>
internal sealed record CgroupLimits
{
    // Version 1 writes "no limit" as the largest multiple of a page, just below 2^63.
    private const long Unlimited = 1L << 60;

    /// <summary>The least memory limit on the way up, in bytes; null without one.</summary>
    public long? MemoryBytes { get; private init; }

    /// <summary>What can still be had under those limits; file cache that can be dropped counts as free.</summary>
    public long? MemoryLeftBytes { get; private init; }

    /// <summary>Processors' worth of time; null without a limit.</summary>
    public double? QuotaCores { get; private init; }

    public static CgroupLimits Read(SystemFiles files)
    {
        CgroupLimits limits = new();
        string membership = files.ReadText("/proc/self/cgroup") ?? string.Empty;
        IReadOnlyList<Mount> mounts = MountTable.Read(files);
        foreach (CgroupPlace place in CgroupPlace.Find(membership, mounts))
        {
            foreach (string folder in place.Folders)
            {
                limits = place.IsVersion2 ? limits.AddVersion2(files, folder) : limits.AddVersion1(files, folder);
            }
        }

        return limits;
    }

    private CgroupLimits AddVersion2(SystemFiles files, string folder) =>
        AddMemory(files.ReadNumber(folder + "/memory.max"), files.ReadNumber(folder + "/memory.current"), DroppableCache(files, folder, "inactive_file"))
            .AddQuota(files.ReadValue(folder + "/cpu.max"));

    private CgroupLimits AddVersion1(SystemFiles files, string folder) =>
        AddMemory(files.ReadNumber(folder + "/memory.limit_in_bytes"), files.ReadNumber(folder + "/memory.usage_in_bytes"), DroppableCache(files, folder, "total_inactive_file"))
            .AddQuota($"{files.ReadValue(folder + "/cpu.cfs_quota_us")} {files.ReadValue(folder + "/cpu.cfs_period_us")}");

    private CgroupLimits AddMemory(long? limit, long? used, long droppable)
    {
        if (limit is not ({ } bytes and < Unlimited))
        {
            return this;
        }

        long left = Math.Max(0, bytes - Math.Max(0, (used ?? 0) - droppable));
        return this with
        {
            MemoryBytes = Math.Min(MemoryBytes ?? long.MaxValue, bytes),
            MemoryLeftBytes = Math.Min(MemoryLeftBytes ?? long.MaxValue, left),
        };
    }

    /// <summary>Adds <c>200000 100000</c>: microseconds of processor time in each period. <c>max</c> and -1 mean no limit.</summary>
    private CgroupLimits AddQuota(string? quotaAndPeriod)
    {
        string[] parts = quotaAndPeriod?.Split(' ') ?? [];
        return parts.Length == 2
            && SystemFiles.ParseDigits(parts[0]) is { } quota and > 0
            && SystemFiles.ParseDigits(parts[1]) is { } period and > 0
            ? this with { QuotaCores = Math.Min(QuotaCores ?? double.MaxValue, (double)quota / period) }
            : this;
    }

    private static long DroppableCache(SystemFiles files, string folder, string name)
    {
        foreach (string line in (files.ReadText(folder + "/memory.stat") ?? string.Empty).Split('\n'))
        {
            if (line.StartsWith(name, StringComparison.Ordinal) && line.Length > name.Length && line[name.Length] == ' ')
            {
                return SystemFiles.ParseNumber(line[(name.Length + 1)..].Trim()) ?? 0;
            }
        }

        return 0;
    }
}
