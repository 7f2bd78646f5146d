using System.Collections.Frozen;

namespace LlmOps.Models.Folders;

/// <summary>Element types of safetensors files, by bits: some are smaller than a byte.</summary>
/// <remarks>Source: huggingface/safetensors <c>safetensors/src/tensor.rs</c>, <c>enum Dtype</c>.</remarks>
internal static class SafetensorsType
{
    private static readonly FrozenDictionary<string, int> s_bits = new Dictionary<string, int>
    {
        ["BOOL"] = 8, ["U8"] = 8, ["I8"] = 8, ["I16"] = 16, ["U16"] = 16, ["I32"] = 32, ["U32"] = 32, ["I64"] = 64, ["U64"] = 64,
        ["F4"] = 4, ["F6_E2M3"] = 6, ["F6_E3M2"] = 6,
        ["F8_E4M3"] = 8, ["F8_E5M2"] = 8, ["F8_E8M0"] = 8, ["F8_E4M3FNUZ"] = 8, ["F8_E5M2FNUZ"] = 8,
        ["F16"] = 16, ["BF16"] = 16, ["F32"] = 32, ["F64"] = 64, ["C64"] = 64,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Bits of one element; 0 when the type is not known.</summary>
    public static int Bits(string name) => s_bits.GetValueOrDefault(name);
}
