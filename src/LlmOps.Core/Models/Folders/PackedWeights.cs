namespace LlmOps.Models.Folders;

/// <summary>How many weights of the model one stored element holds: several where they are packed, none where it is a scale.</summary>
/// <remarks>Source: names in vllm <c>model_executor/layers/quantization</c> (<c>create_weights</c>) and bitsandbytes' <c>quant_state</c>.</remarks>
internal static class PackedWeights
{
    private static readonly string[] s_besideWeights =
    [
        "scale", "scales", "scale_inv", "weight_scale", "weight_scale_inv", "weight_scale_2", "weight_global_scale", "input_scale", "input_global_scale", "k_scale", "v_scale",
        "qzeros", "g_idx", "weight_g_idx", "weight_zero_point", "weight_shape", "absmax", "quant_map", "nested_absmax", "nested_quant_map", "SCB",
        "perm", "trellis_meta", "activation_scale", "pre_quant_scale",
    ];

    /// <summary>Weights in the tensor.</summary>
    public static long Count(SafetensorsTensor tensor, QuantizationInfo? quantization)
    {
        ReadOnlySpan<char> last = tensor.Name.AsSpan(tensor.Name.LastIndexOf('.') + 1);
        if (quantization is null)
        {
            return tensor.Elements;
        }

        foreach (string beside in s_besideWeights)
        {
            if (last.SequenceEqual(beside))
            {
                return 0;
            }
        }

        if (last.EndsWith("_scales") || last.EndsWith("_scale") || last.EndsWith("_scale_inv") || last.StartsWith("bitsandbytes__") || tensor.Name.Contains(".quant_state.", StringComparison.Ordinal))
        {
            return 0;
        }

        int bits = quantization.WeightBits ?? 0;
        int stored = SafetensorsType.Bits(tensor.Type);
        bool integer = tensor.Type is "U8" or "I8" or "I16" or "I32" or "I64" or "U16" or "U32" or "U64";
        bool packs = integer && bits > 0 && stored > bits && !(tensor.Type == "I8" && bits == 8);
        return packs ? (long)Int128.Min((Int128)tensor.Elements * stored / bits, long.MaxValue) : tensor.Elements;
    }
}
