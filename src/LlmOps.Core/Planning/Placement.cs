using LlmOps.Hardware;
using LlmOps.Models;
using LlmOps.Planning.Memory;

namespace LlmOps.Planning;

/// <summary>A GPU that a plan may use, by the name the engine will give it.</summary>
/// <param name="Name">The engine's name.</param>
/// <param name="Gpu">The topology's device.</param>
/// <param name="FreeBytes">Memory in bytes that the plan may count on.</param>
/// <param name="OverheadBytes">Memory in bytes that the driver takes for a process.</param>
internal sealed record PlanDevice(string Name, GpuDevice Gpu, long FreeBytes, long OverheadBytes)
{
    /// <summary>The machine that it is in; null for the one that runs the server.</summary>
    public Distributed.ClusterMember? Host { get; init; }

    /// <summary>What it is called for people, with its machine where that is another.</summary>
    public string Title => Host is null ? Gpu.Name : $"{Gpu.Name} of {Host.Name}";
}

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

    /// <summary>Tokens whose logits a batch may ask for; null for one a slot and one more for each draft token, as the server does.</summary>
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

    /// <summary>How matrices are shared out among devices.</summary>
    public MatrixSplit Matrices { get; init; }

    /// <summary>Tensors that go elsewhere than their layer; the first pattern that matches wins, before <see cref="CpuMoeLayers"/>.</summary>
    public IReadOnlyList<TensorOverride> Overrides { get; init; } = [];

    /// <summary>How weights come into main memory.</summary>
    public WeightLoading Loading { get; init; }

    /// <summary>A second model that drafts for the main one; null for none.</summary>
    public DraftModel? Draft { get; init; }

    /// <summary>Type of keys of a drafting context.</summary>
    public string DraftTypeK { get; init; } = "f16";

    /// <summary>Type of values of a drafting context.</summary>
    public string DraftTypeV { get; init; } = "f16";

    /// <summary>The projector that turns images into tokens; null for none.</summary>
    public ProjectorDescription? Projector { get; init; }

    /// <summary>Whether the projector is on a device.</summary>
    public bool OffloadsProjector { get; init; } = true;

    /// <summary>Bytes in main memory to which saved prompts may grow (<c>--cache-ram</c>); 0 switches them off.</summary>
    public long PromptCacheBytes { get; init; } = 8 * Bytes.GiB;

    /// <summary>States of a slot that the server keeps to go back to (<c>--ctx-checkpoints</c>), at most.</summary>
    public int CheckpointsPerSlot { get; init; } = 32;

    /// <summary>Tokens between two such states (<c>--checkpoint-min-step</c>).</summary>
    public int CheckpointSpacing { get; init; } = 8192;
}

/// <summary>How matrices are shared out among devices.</summary>
internal enum MatrixSplit
{
    /// <summary>Each layer is on one device (split mode <c>layer</c>).</summary>
    Layers,

    /// <summary>The rows of each matrix are on all devices, everything else is with its layer (split mode <c>row</c>).</summary>
    Rows,

    /// <summary>Matrices, caches and states are on all devices (split mode <c>tensor</c>).</summary>
    Tensors,
}

/// <summary>How weights come into main memory.</summary>
internal enum WeightLoading
{
    /// <summary>The file is mapped; the system may drop and read again what is not used.</summary>
    Mapped,

    /// <summary>The file is mapped and what the host computes with is locked.</summary>
    Locked,

    /// <summary>Weights are read into memory of the process.</summary>
    Copied,

    /// <summary>Weights are read into memory of the process and locked.</summary>
    CopiedAndLocked,
}

/// <summary>A place for the tensors whose names match.</summary>
/// <param name="Pattern">Regular expression that is searched in a tensor's full name.</param>
/// <param name="Place">The engine's name of a device, or <c>CPU</c>.</param>
internal sealed record TensorOverride(string Pattern, string Place);

/// <summary>A model that drafts for another one.</summary>
/// <param name="Model">The model.</param>
/// <param name="GpuLayers">Its layers on GPUs; null for all.</param>
internal sealed record DraftModel(ModelDescription Model, int? GpuLayers = null);
