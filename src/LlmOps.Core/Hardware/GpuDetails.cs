namespace LlmOps.Hardware;

/// <summary>A GPU's clocks in MHz.</summary>
public sealed record GpuClocks
{
    /// <summary>Graphics clock now.</summary>
    public int? GraphicsMhz { get; init; }

    /// <summary>Clock of the multiprocessors now.</summary>
    public int? SmMhz { get; init; }

    /// <summary>Memory clock now.</summary>
    public int? MemoryMhz { get; init; }

    /// <summary>Highest graphics clock.</summary>
    public int? MaxGraphicsMhz { get; init; }

    /// <summary>Highest memory clock.</summary>
    public int? MaxMemoryMhz { get; init; }
}

/// <summary>Limits of power in watts that can be set.</summary>
public sealed record GpuPowerRange
{
    /// <summary>What the card comes with.</summary>
    public double? DefaultWatts { get; init; }

    /// <summary>The least that can be set.</summary>
    public double? MinimumWatts { get; init; }

    /// <summary>The most that can be set.</summary>
    public double? MaximumWatts { get; init; }
}

/// <summary>Error correction of a GPU's memory.</summary>
public sealed record GpuEcc
{
    /// <summary>Whether it is on. It takes a part of the memory of cards without separate ECC memory.</summary>
    public bool? Enabled { get; init; }

    /// <summary>Whether it will be on after the next restart.</summary>
    public bool? Pending { get; init; }

    /// <summary>Errors that were corrected since the driver was loaded.</summary>
    public long? CorrectedErrors { get; init; }

    /// <summary>Errors that could not be corrected since the driver was loaded. More than none is a reason to replace the card.</summary>
    public long? UncorrectedErrors { get; init; }
}

/// <summary>A part of a GPU that is divided (MIG). CUDA can use the part and not the whole.</summary>
public sealed record MigInstance
{
    /// <summary>Index of the divided GPU, as nvidia-smi counts.</summary>
    public int ParentIndex { get; init; }

    /// <summary>UUID of the divided GPU.</summary>
    public string? ParentUuid { get; init; }

    /// <summary>Profile, for example <c>3g.40gb</c>; null when unknown.</summary>
    public string? Profile { get; init; }

    /// <summary>Number of the GPU instance.</summary>
    public int? GpuInstanceId { get; init; }

    /// <summary>Number of the compute instance within it.</summary>
    public int? ComputeInstanceId { get; init; }

    /// <summary>Multiprocessors that it has.</summary>
    public int? Multiprocessors { get; init; }
}

/// <summary>One port on the way from the processor to a device: a root port or a port of a switch.</summary>
/// <param name="Address">Its PCI address.</param>
/// <param name="Generation">Generation in use right now on the link below it.</param>
/// <param name="Width">Lanes in use right now on the link below it.</param>
/// <param name="MaxGeneration">Highest generation the port can do.</param>
/// <param name="MaxWidth">Most lanes the port can do.</param>
public sealed record PciePort(string Address, int? Generation, int? Width, int? MaxGeneration, int? MaxWidth);

/// <summary>The variables that hide or renumber GPUs for programs started from here; absent ones are null.</summary>
public sealed record GpuEnvironment
{
    /// <summary><c>CUDA_VISIBLE_DEVICES</c>.</summary>
    public string? CudaVisibleDevices { get; init; }

    /// <summary><c>CUDA_DEVICE_ORDER</c>: <c>PCI_BUS_ID</c> or <c>FASTEST_FIRST</c>, which is the default.</summary>
    public string? CudaDeviceOrder { get; init; }

    /// <summary><c>NVIDIA_VISIBLE_DEVICES</c>, which the container runtime has applied already.</summary>
    public string? NvidiaVisibleDevices { get; init; }

    /// <summary><c>HIP_VISIBLE_DEVICES</c>.</summary>
    public string? HipVisibleDevices { get; init; }

    /// <summary><c>ROCR_VISIBLE_DEVICES</c>.</summary>
    public string? RocrVisibleDevices { get; init; }

    /// <summary>Reads the variables; null when none is set.</summary>
    internal static GpuEnvironment? Read(Func<string, string?> get)
    {
        GpuEnvironment environment = new()
        {
            CudaVisibleDevices = get("CUDA_VISIBLE_DEVICES"),
            CudaDeviceOrder = get("CUDA_DEVICE_ORDER"),
            NvidiaVisibleDevices = get("NVIDIA_VISIBLE_DEVICES"),
            HipVisibleDevices = get("HIP_VISIBLE_DEVICES"),
            RocrVisibleDevices = get("ROCR_VISIBLE_DEVICES"),
        };
        return environment == new GpuEnvironment() ? null : environment;
    }
}
