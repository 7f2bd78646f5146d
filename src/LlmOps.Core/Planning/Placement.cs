using LlmOps.Hardware;

namespace LlmOps.Planning;

/// <summary>A GPU that a plan may use, by the name the engine will give it.</summary>
/// <param name="Name">The engine's name.</param>
/// <param name="Gpu">The topology's device.</param>
/// <param name="FreeBytes">Memory in bytes that the plan may count on.</param>
/// <param name="OverheadBytes">Memory in bytes that the driver takes for a process.</param>
internal sealed record PlanDevice(string Name, GpuDevice Gpu, long FreeBytes, long OverheadBytes);

/// <summary>One way to place a model: where its layers go and how big its caches are.</summary>
internal sealed record Placement
{
    /// <summary>GPUs in the order given to the engine; empty for the processor alone.</summary>
    public IReadOnlyList<PlanDevice> Devices { get; init; } = [];

    /// <summary>Layers on GPUs, the output counted as one more.</summary>
    public int GpuLayers { get; init; }

    /// <summary>Share of each device; empty splits by free memory, as the engine does.</summary>
    public IReadOnlyList<double> Shares { get; init; } = [];

    /// <summary>Layers, from the first, whose experts stay on the host.</summary>
    public int CpuMoeLayers { get; init; }

    /// <summary>Tokens of context over all slots.</summary>
    public long ContextLength { get; init; }

    /// <summary>Slots.</summary>
    public int Slots { get; init; } = 1;

    /// <summary>Whether the slots share one cache.</summary>
    public bool Unified { get; init; }

    /// <summary>Type of keys.</summary>
    public string TypeK { get; init; } = "f16";

    /// <summary>Type of values.</summary>
    public string TypeV { get; init; } = "f16";

    /// <summary>Whether attention is computed without storing its scores.</summary>
    public bool FlashAttention { get; init; } = true;

    /// <summary>Most tokens computed at once.</summary>
    public int UbatchSize { get; init; } = 512;
}
