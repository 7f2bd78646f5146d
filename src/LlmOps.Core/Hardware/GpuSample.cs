namespace LlmOps.Hardware;

/// <summary>What one GPU did at one moment. Null means that it does not tell.</summary>
public sealed record GpuSample
{
    /// <summary>When it was read.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>The GPU's index in the topology.</summary>
    public int Index { get; init; }

    /// <summary>Share of time with a kernel running, 0 to 100.</summary>
    public int? UtilizationPercent { get; init; }

    /// <summary>Share of time in which its memory was read or written, 0 to 100.</summary>
    public int? MemoryUtilizationPercent { get; init; }

    /// <summary>Memory in use in bytes, without what the driver reserves.</summary>
    public long? MemoryUsedBytes { get; init; }

    /// <summary>Power in watts.</summary>
    public double? PowerWatts { get; init; }

    /// <summary>Core temperature in degrees Celsius.</summary>
    public int? TemperatureCelsius { get; init; }

    /// <summary>Graphics clock in MHz.</summary>
    public int? GraphicsMhz { get; init; }

    /// <summary>Why its clocks are not at their highest, by NVML's names; empty when they are.</summary>
    public IReadOnlyList<string>? ClockLimits { get; init; }

    /// <summary>Bytes a second that the GPU sent over PCIe since the sample before.</summary>
    public long? PcieSentBytesPerSecond { get; init; }

    /// <summary>Bytes a second that the GPU received over PCIe since the sample before.</summary>
    public long? PcieReceivedBytesPerSecond { get; init; }
}

/// <summary>What sampling itself cost.</summary>
/// <param name="Rounds">How many times all GPUs were read.</param>
/// <param name="Missed">Rounds that were left out because the one before was not done.</param>
/// <param name="Mean">Time that a round took on average.</param>
/// <param name="Longest">Time that the longest round took.</param>
public sealed record SamplingCost(int Rounds, int Missed, TimeSpan Mean, TimeSpan Longest)
{
    /// <summary>Share of one processor's time at <paramref name="interval"/>, at most: a round that waits for the driver does not compute.</summary>
    public double ShareAt(TimeSpan interval) => Mean / interval;
}
