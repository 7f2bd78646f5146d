namespace LlmOps.Models;

/// <summary>How the weights of a model folder are quantised, by the engine's own terms.</summary>
/// <param name="Method">The method by vLLM's name: <c>awq</c>, <c>gptq</c>, <c>compressed-tensors</c>, <c>fp8</c>, <c>modelopt</c>, <c>bitsandbytes</c>, <c>mxfp4</c>, …</param>
/// <param name="WeightBits">Bits of a quantised weight; null when it is not said.</param>
/// <param name="IsFloat">Whether weights are small floats (FP8, FP4) and not integers.</param>
public sealed record QuantizationInfo(string Method, int? WeightBits, bool IsFloat)
{
    /// <summary>Format within the method: <c>pack-quantized</c>, <c>NVFP4</c>, <c>nf4</c>, …; null when the method has but one.</summary>
    public string? Format { get; init; }

    /// <summary>Weights that share a scale; null for one scale a channel or tensor.</summary>
    public int? GroupSize { get; init; }

    /// <summary>Rows and columns of a block that shares a scale (FP8 in blocks); each part of a split tensor must be a multiple. Empty when there are none.</summary>
    public IReadOnlyList<int> BlockShape { get; init; } = [];

    /// <summary>Bits of activations while they are multiplied; null when they stay as they are (weight-only).</summary>
    public int? ActivationBits { get; init; }

    /// <summary>What the KV cache was calibrated for: <c>fp8</c>, <c>nvfp4</c>; null when nothing is said.</summary>
    public string? KvCacheType { get; init; }

    /// <summary>Modules that are not quantised, as the file names them.</summary>
    public IReadOnlyList<string> Ignored { get; init; } = [];

    /// <summary>The file that says so.</summary>
    public required string Source { get; init; }
}
