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

    /// <summary>Whether the engine itself decides on flash attention.</summary>
    public bool FlashAttentionIsAutomatic { get; init; }

    /// <summary>Most tokens computed at once.</summary>
    public int UbatchSize { get; init; } = 512;

    /// <summary>Tokens whose logits a batch may ask for; null for one a slot, as the server does.</summary>
    public int? Outputs { get; init; }

    /// <summary>Whether layers on devices keep their caches there.</summary>
    public bool OffloadsCache { get; init; } = true;

    /// <summary>Whether devices compute with weights of the host when a batch is large.</summary>
    public bool OffloadsOperations { get; init; } = true;

    /// <summary>Whether layers with a sliding window keep the whole context all the same.</summary>
    public bool FullWindow { get; init; }

    /// <summary>Whether one device takes everything, others being visible (split mode <c>none</c>).</summary>
    public bool SplitsNothing { get; init; }

    /// <summary>Draft tokens of a step that a recurrent state must be able to take back; 0 without drafting.</summary>
    public int DraftTokens { get; init; }

    /// <summary>Whether the model's own next-token layers draft.</summary>
    public bool DraftsNextTokens { get; init; }

    /// <summary>The device among <see cref="Devices"/> that works alone when nothing is split, and holds what is not split.</summary>
    public int MainDevice { get; init; }

    /// <summary>Most tokens submitted at once; a micro batch is never larger.</summary>
    public int BatchSize { get; init; } = 2048;
}
