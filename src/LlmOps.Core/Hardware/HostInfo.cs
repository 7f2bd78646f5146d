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

    /// <summary>Read bandwidth in bytes a second; null when unknown.</summary>
    public long? BandwidthBytesPerSecond { get; init; }

    /// <summary>The cgroup's memory limit; null without one.</summary>
    public long? LimitBytes { get; init; }
}

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
