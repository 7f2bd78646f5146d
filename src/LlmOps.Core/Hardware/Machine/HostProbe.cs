using System.Runtime.InteropServices;

namespace LlmOps.Hardware.Machine;

/// <summary>Describes the machine around the GPUs.</summary>
internal static class HostProbe
{
    /// <summary>Reads the Linux files below the root; where there are none (Windows, macOS), what .NET knows.</summary>
    public static HostInfo Read(SystemFiles files, SurveyOptions options) =>
        files.Exists("/proc/meminfo") ? ReadLinux(files, options) : ReadPortable(files);

    private static HostInfo ReadLinux(SystemFiles files, SurveyOptions options)
    {
        string? kernel = files.ReadValue("/proc/sys/kernel/osrelease");
        IReadOnlyDictionary<string, long> memory = KernelTables.ParseMemory(files.ReadText("/proc/meminfo") ?? string.Empty);
        CgroupLimits cgroup = CgroupLimits.Read(files);
        CpuInfo cpu = CpuReader.Read(files) with { QuotaCores = cgroup.QuotaCores };
        long? total = Known(memory, "MemTotal");
        return new HostInfo
        {
            Name = files.ReadValue("/proc/sys/kernel/hostname"),
            Os = OsName(files),
            Kernel = kernel,
            IsWsl = kernel?.Contains("microsoft", StringComparison.OrdinalIgnoreCase) == true || files.Exists("/proc/sys/fs/binfmt_misc/WSLInterop"),
            IsContainer = ContainerSigns.Found(files, options.GetEnvironmentVariable),
            Cpu = cpu,
            Memory = new MemoryInfo
            {
                TotalBytes = Least(total, cgroup.MemoryBytes),
                AvailableBytes = Least(Known(memory, "MemAvailable"), cgroup.MemoryLeftBytes),
                SwapBytes = Known(memory, "SwapTotal"),
                LimitBytes = cgroup.MemoryBytes,
            },
            NumaNodes = NumaReader.Read(files, total),
            Limits = LimitsReader.Read(files),
        };
    }

    private static HostInfo ReadPortable(SystemFiles files) => !files.IsLive ? new HostInfo() : new HostInfo
    {
        Name = Environment.MachineName,
        Os = RuntimeInformation.OSDescription,
        Cpu = new CpuInfo { LogicalCores = Environment.ProcessorCount },
        Memory = new MemoryInfo { TotalBytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes },
        NumaNodes = [new NumaNode(0, null, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes)],
    };

    private static string? OsName(SystemFiles files)
    {
        string release = files.ReadText("/etc/os-release") ?? files.ReadText("/usr/lib/os-release") ?? string.Empty;
        return KernelTables.ParseAssignment(release, "PRETTY_NAME") ?? KernelTables.ParseAssignment(release, "NAME");
    }

    private static long? Known(IReadOnlyDictionary<string, long> values, string name) => values.TryGetValue(name, out long value) ? value : null;

    private static long? Least(long? a, long? b) => a is null ? b : b is null ? a : Math.Min(a.Value, b.Value);
}
