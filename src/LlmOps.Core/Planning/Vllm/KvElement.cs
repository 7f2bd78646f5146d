namespace LlmOps.Planning.Vllm;

/// <summary>Bytes of keys and values by their type.</summary>
/// <remarks>Source: vllm <c>v1/kv_cache_interface.py</c>, <c>utils/torch_utils.py</c>: per-token types carry a float for each head; nvfp4 a byte for 16 elements.</remarks>
internal static class KvElement
{
    /// <summary>Bytes of one head's vector of <paramref name="length"/> elements.</summary>
    /// <param name="type">The type: <c>auto</c>, <c>fp8</c>, …</param>
    /// <param name="length">Elements.</param>
    /// <param name="elementBytes">Bytes of an element that is computed with, which <c>auto</c> takes.</param>
    public static double HeadBytes(string type, int length, int elementBytes) => type switch
    {
        "fp8" or "fp8_e4m3" or "fp8_e5m2" or "fp8_inc" or "fp8_ds_mla" => length,
        "fp8_per_token_head" or "int8_per_token_head" => length + 4,
        "int4_per_token_head" => (length / 2.0) + 4,
        "nvfp4" or "nvfp4_4over6" => (length / 2.0) + (length / 16.0),
        "turboquant_k8v4" => length * 0.75,
        "turboquant_4bit_nc" => length / 2.0,
        "turboquant_k3v4_nc" => length * 0.4375,
        "turboquant_3bit_nc" => length * 0.375,
        "float16" or "bfloat16" => length * 2,
        _ => length * elementBytes,
    };

    /// <summary>Whether the type is an eight-bit float.</summary>
    public static bool IsFp8(string type) => type.StartsWith("fp8", StringComparison.Ordinal);
}
