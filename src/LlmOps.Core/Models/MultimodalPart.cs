namespace LlmOps.Models;

/// <summary>A part that turns pictures or sound into embeddings.</summary>
/// <param name="Kind">What it takes.</param>
/// <param name="Bytes">Bytes of its tensors, the projection into the language model included.</param>
public sealed record MultimodalPart(MultimodalKind Kind, long Bytes)
{
    /// <summary>Layers of the encoder; 0 when it is not said.</summary>
    public int LayerCount { get; init; }

    /// <summary>Width of the encoder.</summary>
    public int EmbeddingLength { get; init; }

    /// <summary>Attention heads of the encoder.</summary>
    public int HeadCount { get; init; }

    /// <summary>Pixels on a side of what the encoder sees at once; null when it takes any size, or for sound.</summary>
    public int? ImageSize { get; init; }

    /// <summary>Pixels on a side of a patch; null for sound.</summary>
    public int? PatchSize { get; init; }

    /// <summary>Kind of the projection: <c>qwen3vl_merger</c>; of a folder, the part's class.</summary>
    public string? Projector { get; init; }
}

/// <summary>What a multimodal part takes.</summary>
public enum MultimodalKind
{
    /// <summary>Pictures and video.</summary>
    Vision,

    /// <summary>Sound.</summary>
    Audio,
}
