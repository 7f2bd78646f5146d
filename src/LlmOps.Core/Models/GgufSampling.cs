using LlmOps.Models.Gguf;

namespace LlmOps.Models;

/// <summary>Reads the sampling that a GGUF file recommends.</summary>
/// <remarks>Source: llama.cpp <c>gguf-py/gguf/constants.py</c>, <c>class General</c>: <c>general.sampling.*</c>.</remarks>
internal static class GgufSampling
{
    private const string Prefix = "general.sampling.";

    public static GenerationDefaults? Read(GgufMetadata metadata) => !metadata.HasAny(Prefix) ? null : new GenerationDefaults
    {
        Temperature = metadata.Float(Prefix + "temp"),
        TopP = metadata.Float(Prefix + "top_p"),
        TopK = metadata.Count(Prefix + "top_k"),
        MinP = metadata.Float(Prefix + "min_p"),
        RepetitionPenalty = metadata.Float(Prefix + "penalty_repeat"),
    };
}
