using LlmOps.Models;

namespace LlmOps.Planning;

/// <summary>Bytes of the types that a KV cache can have.</summary>
/// <remarks>Block bytes over block elements: llama.cpp <c>ggml/src/ggml-common.h</c>.</remarks>
internal static class KvCacheTypes
{
    /// <summary>Bytes of one row of <paramref name="elements"/> elements.</summary>
    public static long RowBytes(string type, long elements)
    {
        (int bytes, int block) = type switch
        {
            "f32" => (4, 1),
            "f16" or "bf16" => (2, 1),
            "q8_0" => (34, 32),
            "q5_1" => (24, 32),
            "q5_0" => (22, 32),
            "q4_1" => (20, 32),
            "q4_0" or "iq4_nl" => (18, 32),
            _ => throw new ArgumentOutOfRangeException(nameof(type), type, "not a KV cache type"),
        };
        return elements * bytes / block;
    }

    /// <summary>Whether a layer's keys and values are whole blocks of 32, as quantised types need.</summary>
    public static bool TakesBlocks(AttentionShape shape) => shape.KeyLength % 32 == 0 && shape.ValueLength % 32 == 0;

    /// <summary>Whether the type stores blocks of 32 elements, so that V needs flash attention.</summary>
    public static bool IsQuantised(string type) => type is not ("f32" or "f16" or "bf16");
}
