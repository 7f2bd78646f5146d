using LlmOps.Models;

namespace LlmOps.Planning.Memory;

/// <summary>What a graph computes and where its layers are.</summary>
internal sealed record GraphSetting
{
    /// <summary>Tokens of a micro batch.</summary>
    public required long Tokens { get; init; }

    /// <summary>Tokens whose logits are asked for.</summary>
    public required long Outputs { get; init; }

    /// <summary>Numbers that tell a token's position.</summary>
    public int Dimensions { get; init; } = 1;

    /// <summary>Slots.</summary>
    public required int Slots { get; init; }

    /// <summary>Separate caches; 1 when slots share one.</summary>
    public required long Streams { get; init; }

    /// <summary>The place of each layer and, last, of the output.</summary>
    public required int[] LayerPlaces { get; init; }

    /// <summary>The number of the host among the places.</summary>
    public required int Host { get; init; }

    /// <summary>Tensors that are not with their layer.</summary>
    public required TensorPlaces Places { get; init; }

    /// <summary>Whether caches stay on the host.</summary>
    public bool CacheOnHost { get; init; }

    /// <summary>Whether devices compute with weights of the host.</summary>
    public bool OffloadsOperations { get; init; }

    /// <summary>Whether norms run on the device of their layer.</summary>
    public bool PinsNorms { get; init; }

    /// <summary>Whether attention runs where its cache is.</summary>
    public bool PinsAttention { get; init; }

    /// <summary>How many layers of one shape in one place stand for all.</summary>
    public int LayerSamples { get; init; } = 3;

    /// <summary>The most bytes of a tensor that a device computes with.</summary>
    public long MaximumTensorBytes { get; init; } = long.MaxValue;

    /// <summary>Whether devices multiply only with as many dimensions as one stream needs.</summary>
    public bool MultipliesOneStream { get; init; }

    /// <summary>Whether devices scan states only of the second kind of Mamba, so that the first is computed on the host.</summary>
    public bool ScansWideStatesOnly { get; init; }

    /// <summary>Whether no device can compute flash attention with these cache types.</summary>
    public bool AttendsOnHost { get; init; }

    /// <summary>Whether keys are kept in full floats, which flash attention does not take.</summary>
    public bool HalvesKeys { get; init; }

    /// <summary>As <see cref="HalvesKeys"/>, for values.</summary>
    public bool HalvesValues { get; init; }

    /// <summary>Whether values were stored for flash attention and it was given up afterwards, so that they are turned over before each use.</summary>
    public bool TurnsValuesLate { get; init; }

    /// <summary>Whether positions are turned with a table of frequencies that the file brings.</summary>
    public required Func<AttentionShape, bool> HasFrequencies { get; init; }

    /// <summary>Bytes of that table.</summary>
    public long FrequencyBytes { get; init; }

    /// <summary>Whether no device can multiply queries by keys of this type without flash attention.</summary>
    public bool ScoresOnHost { get; init; }

    /// <summary>Whether norms subtract the mean, which no backend computes together with what follows.</summary>
    public bool NormsByMean { get; init; }

    /// <summary>Whether devices change the order of operations.</summary>
    public bool Reorders { get; init; }

    /// <summary>Whether the graph is that of the next-token layers, which draft.</summary>
    public bool DraftsNextTokens { get; init; }

    /// <summary>The most elements of values that a layer keeps for a token.</summary>
    public long WidestValues { get; init; }

    /// <summary>Whether keys are quantised; they are then turned by a Hadamard matrix before they are stored, where their width allows it.</summary>
    public bool QuantisesKeys { get; init; }

    /// <summary>As <see cref="QuantisesKeys"/>, for values.</summary>
    public bool QuantisesValues { get; init; }

    /// <summary>Whether attention is computed without storing its scores.</summary>
    public bool FlashAttention { get; init; }

    /// <summary>The layer whose cache a layer reads: its own, else the last one before it that looks back as far.</summary>
    public required Func<AttentionShape, AttentionShape> CacheOf { get; init; }

    /// <summary>Bytes of a layer's keys as they are read.</summary>
    public required Func<int, (long Cells, long KeyBytes, long ValueBytes)> Cache { get; init; }
}
