using LlmOps.Planning.Memory;

namespace LlmOps.Planning;

/// <summary>Bytes that a launch will use, per device and on the host.</summary>
public sealed record MemoryPlan
{
    /// <summary>Where the figures come from: <c>engine</c> (its own estimator said so) or <c>model</c> (computed here).</summary>
    public string Source { get; init; } = "model";

    /// <summary>Each GPU in the order given to the engine.</summary>
    public IReadOnlyList<DeviceMemory> Devices { get; init; } = [];

    /// <summary>The pool for keys, values and states of an engine that has one on each GPU (vLLM); else null.</summary>
    public PoolPlan? Pool { get; init; }

    /// <summary>Main memory.</summary>
    public HostMemory Host { get; init; } = new();

    /// <summary>Every figure on its own, with the rule that it comes from; figures of 0 bytes are left out.</summary>
    public IReadOnlyList<MemoryTerm> Terms => MemoryTerms.Of(this);
}

/// <summary>One figure of a plan.</summary>
/// <param name="Place">The engine's device name, or <c>host</c>.</param>
/// <param name="Kind">What takes the bytes: <c>weights</c>, <c>kvCache</c>, <c>recurrent</c>, <c>compute</c>, <c>output</c>, …</param>
/// <param name="Bytes">How many.</param>
/// <param name="Source">The rule, or the measurement, that the figure comes from.</param>
public sealed record MemoryTerm(string Place, string Kind, long Bytes, string Source);

/// <summary>The pool for keys, values and recurrent states on each GPU.</summary>
public sealed record PoolPlan
{
    /// <summary>Its bytes on each GPU.</summary>
    public long Bytes { get; init; }

    /// <summary>Tokens that it holds: requests of full length × their length.</summary>
    public long Tokens { get; init; }

    /// <summary>Requests of full length that fit at the same time.</summary>
    public double FullLengthRequests { get; init; }

    /// <summary>Tokens of a block.</summary>
    public long BlockTokens { get; init; }

    /// <summary>Blocks in all.</summary>
    public long Blocks { get; init; }

    /// <summary>Blocks that a request of full length takes.</summary>
    public long BlocksPerRequest { get; init; }

    /// <summary>Those of them that keep recurrent states.</summary>
    public long StateBlocksPerRequest { get; init; }

    /// <summary>Share of each GPU's memory within which all that the engine takes has to stay.</summary>
    public double Utilization { get; init; }

    /// <summary>Bytes of each GPU that were to stay outside of it.</summary>
    public long ReserveBytes { get; init; }
}

/// <summary>Bytes on one GPU.</summary>
public sealed record DeviceMemory
{
    /// <summary>The engine's device name: <c>CUDA0</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The GPU's memory, all of it.</summary>
    public long TotalBytes { get; init; }

    /// <summary>Weights.</summary>
    public long WeightsBytes { get; init; }

    /// <summary>Keys and values of the context.</summary>
    public long KvCacheBytes { get; init; }

    /// <summary>State of recurrent layers.</summary>
    public long RecurrentBytes { get; init; }

    /// <summary>Scratch memory of the computation.</summary>
    public long ComputeBytes { get; init; }

    /// <summary>The projector for images: weights and scratch memory.</summary>
    public long ProjectorBytes { get; init; }

    /// <summary>What drafting needs: a second model's weights, and the cache and scratch memory of the drafting context.</summary>
    public long DraftBytes { get; init; }

    /// <summary>What the driver takes for a process.</summary>
    public long OverheadBytes { get; init; }

    /// <summary>What stays free; negative when it does not fit.</summary>
    public long FreeAfterBytes { get; init; }

    /// <summary>Layers placed on it.</summary>
    public int Layers { get; init; }

    /// <summary>What was computed here for <see cref="UsedBytes"/>, where the engine's own estimate took its place; else null.</summary>
    public long? ComputedBytes { get; init; }

    /// <summary>All that the launch uses on it.</summary>
    public long UsedBytes => WeightsBytes + KvCacheBytes + RecurrentBytes + ComputeBytes + ProjectorBytes + DraftBytes + OverheadBytes;
}

/// <summary>Bytes in main memory.</summary>
public sealed record HostMemory
{
    /// <summary>Main memory, all of it; null when unknown.</summary>
    public long? TotalBytes { get; init; }

    /// <summary>Weights that stay on the host (mapped from the file or loaded).</summary>
    public long WeightsBytes { get; init; }

    /// <summary>Keys and values of layers on the host.</summary>
    public long KvCacheBytes { get; init; }

    /// <summary>State of recurrent layers on the host.</summary>
    public long RecurrentBytes { get; init; }

    /// <summary>Scratch memory of the computation on the host.</summary>
    public long ComputeBytes { get; init; }

    /// <summary>Logits that the engine hands out.</summary>
    public long OutputBytes { get; init; }

    /// <summary>The projector for images, where it is on the host: weights and scratch memory.</summary>
    public long ProjectorBytes { get; init; }

    /// <summary>What drafting needs on the host.</summary>
    public long DraftBytes { get; init; }

    /// <summary>Bytes to which saved prompts may grow while the server runs; not used at its start.</summary>
    public long PromptCacheBytes { get; init; }

    /// <summary>Bytes to which saved states of the slots may grow while the server runs; not used at its start.</summary>
    public long CheckpointBytes { get; init; }

    /// <summary>Bytes of files that are mapped: page cache, which the system may drop.</summary>
    public long MappedBytes { get; init; }

    /// <summary>Bytes that are locked in memory, part of <see cref="WeightsBytes"/>.</summary>
    public long LockedBytes { get; init; }

    /// <summary>What stays available; negative when it does not fit; null when unknown.</summary>
    public long? FreeAfterBytes { get; init; }

    /// <summary>All that the launch uses on the host once it is ready.</summary>
    public long UsedBytes => WeightsBytes + KvCacheBytes + RecurrentBytes + ComputeBytes + OutputBytes + ProjectorBytes + DraftBytes;

    /// <summary>The most that it may use later: with saved prompts and states.</summary>
    public long PeakBytes => UsedBytes + PromptCacheBytes + CheckpointBytes;
}

/// <summary>One chosen value and why.</summary>
/// <param name="Option">The option's name.</param>
/// <param name="Value">The value as text.</param>
/// <param name="Reason">Why, in one sentence.</param>
/// <param name="Alternatives">What was rejected, and why, one line each.</param>
/// <param name="Pinned">Whether the user fixed the value.</param>
public sealed record Decision(string Option, string Value, string Reason, IReadOnlyList<string> Alternatives, bool Pinned = false);

/// <summary>Something that stands in the way of a plan.</summary>
/// <param name="Message">What, where, by how much.</param>
/// <param name="Remedy">The smallest change that would help.</param>
public sealed record PlanProblem(string Message, string Remedy);

/// <summary>What a plan should deliver for one stream.</summary>
/// <param name="DecodeTokensPerSecond">Generated tokens a second with 4096 tokens in the context; null when a bandwidth is unknown.</param>
/// <param name="PrefillTokensPerSecond">Prompt tokens a second, for a prompt of 4096; null when unknown.</param>
/// <param name="LimitedBy">What bounds the decode rate.</param>
public sealed record ThroughputPrediction(double? DecodeTokensPerSecond, double? PrefillTokensPerSecond, string LimitedBy)
{
    /// <summary>Generated tokens a second, as <see cref="DecodeTokensPerSecond"/>, if memory were read at its full theoretical bandwidth and nothing else took time: no engine is faster without guessing ahead. Null when unknown.</summary>
    public double? RooflineDecodeTokensPerSecond { get; init; }

    /// <summary>Generated tokens a second when a slot's context is full; null when unknown.</summary>
    public double? DecodeAtFullContextTokensPerSecond { get; init; }
}
