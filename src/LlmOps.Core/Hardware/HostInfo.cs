namespace LlmOps.Hardware;

/// <summary>The machine around the GPUs. Null means unknown.</summary>
public sealed record HostInfo
{
    /// <summary>Host name.</summary>
    public string? Name { get; init; }

    /// <summary>Distribution as it calls itself, for example <c>Ubuntu 22.04.5 LTS</c>.</summary>
    public string? Os { get; init; }

    /// <summary>Kernel release.</summary>
    public string? Kernel { get; init; }

    /// <summary>Whether this is Windows' Linux subsystem.</summary>
    public bool IsWsl { get; init; }

    /// <summary>Whether this is inside a container.</summary>
    public bool IsContainer { get; init; }

    /// <summary>What virtualises this machine: <c>kvm</c>, <c>vmware</c>, <c>microsoft</c>, <c>xen</c>, … or <c>unknown hypervisor</c>; null on bare metal.</summary>
    public string? VirtualMachine { get; init; }

    /// <summary>Maker and model of the machine or its board.</summary>
    public string? Product { get; init; }

    /// <summary>The processor.</summary>
    public CpuInfo Cpu { get; init; } = new();

    /// <summary>Main memory.</summary>
    public MemoryInfo Memory { get; init; } = new();

    /// <summary>NUMA nodes; one for a machine without NUMA.</summary>
    public IReadOnlyList<NumaNode> NumaNodes { get; init; } = [];

    /// <summary>Limits of this process.</summary>
    public HostLimits Limits { get; init; } = new();
}

/// <summary>The processor.</summary>
public sealed record CpuInfo
{
    /// <summary>Model name.</summary>
    public string? Model { get; init; }

    /// <summary>Processor packages.</summary>
    public int? Sockets { get; init; }

    /// <summary>Cores without hyper-threads, over all sockets.</summary>
    public int? PhysicalCores { get; init; }

    /// <summary>Hardware threads that this process may use.</summary>
    public int? LogicalCores { get; init; }

    /// <summary>Processors' worth of time that the cgroup allows; null without such a limit.</summary>
    public double? QuotaCores { get; init; }

    /// <summary>Instruction sets that engines care about: <c>avx</c>, <c>avx2</c>, <c>avx512f</c>, <c>f16c</c>, <c>fma</c>, <c>amx_tile</c>, …</summary>
    public IReadOnlyList<string> InstructionSets { get; init; } = [];
}

/// <summary>Main memory, in bytes. Inside a container with a memory limit, the limit counts.</summary>
public sealed record MemoryInfo
{
    /// <summary>All of it.</summary>
    public long? TotalBytes { get; init; }

    /// <summary>What can be had without swapping.</summary>
    public long? AvailableBytes { get; init; }

    /// <summary>Swap space.</summary>
    public long? SwapBytes { get; init; }

    /// <summary>Swap space that is free.</summary>
    public long? SwapFreeBytes { get; init; }

    /// <summary>Memory channels in use over all sockets; null when unknown.</summary>
    public int? Channels { get; init; }

    /// <summary>Transfers in millions a second that the slowest module runs at, for example 2400 for DDR4-2400.</summary>
    public int? SpeedMegatransfers { get; init; }

    /// <summary>Kind of memory, for example <c>DDR4</c>.</summary>
    public string? Type { get; init; }

    /// <summary>Modules that are plugged in; null when that cannot be read.</summary>
    public IReadOnlyList<MemoryModule>? Modules { get; init; }

    /// <summary>Size of a huge page in bytes.</summary>
    public long? HugePageBytes { get; init; }

    /// <summary>Huge pages that are set aside.</summary>
    public int? HugePages { get; init; }

    /// <summary>Huge pages that are set aside and free.</summary>
    public int? HugePagesFree { get; init; }

    /// <summary>When the kernel uses huge pages by itself: <c>always</c>, <c>madvise</c> or <c>never</c>.</summary>
    public string? TransparentHugePages { get; init; }

    /// <summary>Read bandwidth in bytes a second; null when unknown. Of all sockets together: channels × transfers × 8 bytes, in theory.</summary>
    public long? BandwidthBytesPerSecond { get; init; }

    /// <summary>The cgroup's memory limit; null without one.</summary>
    public long? LimitBytes { get; init; }
}

/// <summary>A memory module.</summary>
/// <param name="Slot">The slot's name, for example <c>CPU1_DIMM_A1</c>.</param>
/// <param name="SizeBytes">Its size in bytes.</param>
/// <param name="Type">Its kind, for example <c>DDR4</c>.</param>
/// <param name="SpeedMegatransfers">Transfers in millions a second that it runs at.</param>
public sealed record MemoryModule(string? Slot, long SizeBytes, string? Type, int? SpeedMegatransfers);

/// <summary>One NUMA node.</summary>
/// <param name="Node">Its number.</param>
/// <param name="Cpus">Its processors as the kernel writes them: <c>0-17,36-53</c>.</param>
/// <param name="MemoryBytes">Its memory in bytes.</param>
public sealed record NumaNode(int Node, string? Cpus, long? MemoryBytes);

/// <summary>Limits of this process. -1 means unlimited.</summary>
public sealed record HostLimits
{
    /// <summary>How many bytes may be locked in memory.</summary>
    public long? MemlockBytes { get; init; }

    /// <summary>How many files may be open.</summary>
    public long? Nofile { get; init; }

    /// <summary>Size of /dev/shm in bytes.</summary>
    public long? ShmBytes { get; init; }
}
