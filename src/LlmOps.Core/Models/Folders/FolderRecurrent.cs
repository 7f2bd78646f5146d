namespace LlmOps.Models.Folders;

/// <summary>Works out the recurrent state of hybrid and state-space models from <c>config.json</c>.</summary>
/// <remarks>
/// In elements per sequence and layer, of all heads together. Gated delta net: (kernel - 1) × (2 × key heads × key width + value heads × value width)
/// and value heads × value width × key width; Mamba 2: (kernel - 1) × (inner + 2 × groups × state) and inner × state; Mamba: (kernel - 1) × inner and
/// inner × state; Kimi delta attention: 3 × (kernel - 1) × heads × width and width² × heads; short convolution: embedding × (cache - 1) and none;
/// lightning attention: none and width² × heads. Source: vllm <c>model_executor/layers/mamba/mamba_utils.py</c>.
/// </remarks>
internal static class FolderRecurrent
{
    public static RecurrentShape? Read(FolderShape shape)
    {
        int[] layers = [.. Enumerable.Range(0, shape.BodyLayerCount).Where(layer => shape.Layers[layer] is LayerKind.Recurrent or LayerKind.Both)];
        if (layers.Length == 0)
        {
            return null;
        }

        (long convolution, long state) = Elements(shape);
        return new RecurrentShape(layers.Length, convolution, state) { Layers = layers, ConvolutionTaps = TapsOf(shape), StateType = shape.Config.Text("mamba_ssm_dtype", "ssm_state_dtype") };
    }

    private static int TapsOf(FolderShape shape) =>
        Math.Max(0, (shape.Count("linear_conv_kernel_dim", "conv_kernel", "mamba_d_conv", "conv_kernel_size", "d_conv") ?? 0) - 1);

    private static (long Convolution, long State) Elements(FolderShape shape)
    {
        long embedding = shape.EmbeddingLength;
        if (shape.Count("linear_num_value_heads") is { } valueHeads)
        {
            long keys = (long)Size("linear_num_key_heads") * Size("linear_key_head_dim");
            long values = (long)valueHeads * Size("linear_value_head_dim");
            return (Taps("linear_conv_kernel_dim") * ((2 * keys) + values), values * Size("linear_key_head_dim"));
        }

        if (shape.Config.Find("linear_attn_config") is { } kimi)
        {
            ConfigJson own = new(shape.Config.Path, kimi);
            long heads = own.Count("num_heads") ?? 0;
            long width = own.Count("head_dim") ?? 0;
            return (3 * Math.Max(0, (own.Count("short_conv_kernel_size") ?? 0) - 1) * heads * width, width * width * heads);
        }

        if (shape.Count("conv_L_cache") is > 0 and { } cache)
        {
            return (embedding * (cache - 1), 0);
        }

        if (shape.Config.Has("attn_type_list"))
        {
            long heads = shape.HeadCounts.Max();
            return (0, heads * shape.HeadLength * shape.HeadLength);
        }

        long stateSize = Size("ssm_state_size", "mamba_d_state", "state_size");
        long taps = Taps("conv_kernel", "mamba_d_conv", "conv_kernel_size", "d_conv");
        long headCount = Size("mamba_num_heads", "mamba_n_heads", "n_mamba_heads");
        long headLength = Size("mamba_head_dim", "mamba_d_head", "mamba_headdim");
        if (shape.ModelType == "mamba2")
        {
            (headCount, headLength) = (Size("num_heads"), Size("head_dim"));
        }

        long inner = shape.Count("mamba_d_ssm") is > 0 and { } said ? said
            : headCount * headLength > 0 ? headCount * headLength
            : shape.ModelType is "mamba" or "falcon_mamba" ? Size("intermediate_size")
            : (shape.Count("mamba_expand", "expand") ?? 2) * embedding;
        long groups = Size("mamba_n_groups", "n_groups", "mamba_ngroups");
        return (taps * (inner + (2 * groups * stateSize)), inner * stateSize);

        int Size(params ReadOnlySpan<string> names) => shape.Count(names) ?? 0;

        long Taps(params ReadOnlySpan<string> names) => Math.Max(0, Size(names) - 1);
    }
}
