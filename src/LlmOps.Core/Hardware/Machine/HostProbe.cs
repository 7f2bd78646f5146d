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
        string memory = files.ReadText("/proc/meminfo") ?? string.Empty;
        CgroupLimits cgroup = CgroupLimits.Read(files);
        (CpuInfo Cpu, bool IsVirtual) processor = CpuReader.Read(files);
        long? total = KernelTables.ParseMemory(memory, "MemTotal");
        bool isWsl = kernel?.Contains("microsoft", StringComparison.OrdinalIgnoreCase) == true || files.Exists("/proc/sys/fs/binfmt_misc/WSLInterop");
        return new HostInfo
        {
            Name = files.ReadValue("/proc/sys/kernel/hostname"),
            Os = OsName(files),
            Kernel = kernel,
            IsWsl = isWsl,
            VirtualMachine = HypervisorSigns.Find(files, processor.IsVirtual, isWsl),
            Product = HypervisorSigns.Product(files),
            IsContainer = ContainerSigns.Found(files, options.GetEnvironmentVariable),
            Cpu = processor.Cpu with { QuotaCores = cgroup.QuotaCores },
            Memory = MemoryLayoutReader.Add(
                new MemoryInfo
                {
                    TotalBytes = Least(total, cgroup.MemoryBytes),
                    AvailableBytes = Least(KernelTables.ParseMemory(memory, "MemAvailable"), cgroup.MemoryLeftBytes),
                    SwapBytes = KernelTables.ParseMemory(memory, "SwapTotal"),
                    SwapFreeBytes = KernelTables.ParseMemory(memory, "SwapFree"),
                    LimitBytes = cgroup.MemoryBytes,
                    HugePageBytes = KernelTables.ParseMemory(memory, "Hugepagesize"),
                    HugePages = (int?)KernelTables.ParseMemory(memory, "HugePages_Total"),
                    HugePagesFree = (int?)KernelTables.ParseMemory(memory, "HugePages_Free"),
                    TransparentHugePages = Chosen(files.ReadValue("/sys/kernel/mm/transparent_hugepage/enabled")),
                },
                files),
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

    /// <summary>The word in brackets in <c>always [madvise] never</c>.</summary>
    private static string? Chosen(string? choices)
    {
        int start = choices?.IndexOf('[', StringComparison.Ordinal) ?? -1;
        int end = start < 0 ? -1 : choices!.IndexOf(']', start);
        return end < 0 ? null : choices![(start + 1)..end];
    }

    private static long? Least(long? a, long? b) => a is null ? b : b is null ? a : Math.Min(a.Value, b.Value);
}
