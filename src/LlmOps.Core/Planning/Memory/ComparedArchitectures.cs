using System.Collections.Frozen;
using LlmOps.Models;

namespace LlmOps.Planning.Memory;

/// <summary>
/// Architectures whose memory has been compared with llama.cpp's own figures (docs/memory.md). Any other is sized by its metadata and tensors as if its
/// operations were those of the ones known here, with a margin on its scratch memory.
/// </summary>
internal static class ComparedArchitectures
{
    /// <summary>The margin of the others: one part in so many of their scratch memory. Without their names, 25 of the 28 below come out at most so much too low.</summary>
    private const int MarginShare = 4;

    private static readonly FrozenSet<string> s_names = FrozenSet.Create(
        "cohere2", "deepseek2", "exaone4", "falcon-h1", "gemma2", "gemma3", "gemma4", "glm4", "glm4moe", "gpt-oss", "granitehybrid", "jamba", "lfm2", "lfm2moe",
        "llama", "mamba", "mamba2", "minimax-m2", "nemotron_h", "nemotron_h_moe", "phi3", "qwen2", "qwen3", "qwen35", "qwen35moe", "qwen3moe", "qwen3next", "starcoder2");

    /// <summary>Whether the model is of one of them.</summary>
    public static bool Has(ModelDescription model) => s_names.Contains(model.Architecture);

    /// <summary>What <paramref name="bytes"/> of scratch memory become with the margin that the model gets.</summary>
    public static long WithMargin(ModelDescription model, long bytes) =>
        Has(model) && !LayerTensors.Of(model).Any(layer => layer.IsForeign) ? bytes : bytes + (bytes / MarginShare);

    /// <summary>What is said of the margin; null when there is none.</summary>
    public static string? Reason(ModelDescription model) =>
        LayerTensors.Of(model).Any(layer => layer.IsForeign) ? $"{model.Architecture} has operations that are not known here: it is sized as a usual transformer of its shape"
        : !Has(model) ? $"{model.Architecture} has not been compared with the engine: it is sized by its metadata and tensors alone"
        : null;
}
