namespace LlmOps.Models;

/// <summary>Works out the recurrent state of state-space and hybrid models.</summary>
/// <remarks>
/// In elements per sequence and layer, as llama.cpp's <c>n_embd_r</c> and <c>n_embd_s</c> (<c>src/llama-hparams.cpp</c>):
/// Mamba and gated delta net: (kernel - 1) × (inner + 2 × groups × state) and state × inner;
/// Kimi delta attention: 3 × (kernel - 1) × heads × width and width² × heads;
/// RWKV: shifts × embedding and embedding × head; short convolution: embedding × (cache - 1) and none.
/// </remarks>
internal static class RecurrentReader
{
    // qwen3next and its successors: every fourth layer attends.
    private const int UsualAttentionInterval = 4;

    public static bool[] FindLayers(ModelShape shape)
    {
        bool[] layers = new bool[shape.LayerCount];
        int[]? said = shape.PerLayer("attention.recurrent_layers");
        int[]? feedForward = shape.PerLayer("feed_forward_length");
        int interval = Math.Max(1, shape.Count("full_attention_interval") ?? UsualAttentionInterval);
        for (int i = 0; i < layers.Length; i++)
        {
            layers[i] = said is not null ? said[i] != 0 : shape.Architecture switch
            {
                "mamba" or "mamba2" or "rwkv6" or "rwkv6qwen2" or "rwkv7" or "arwkv7" or "falcon-h1" => true,
                "qwen3next" or "qwen35" or "qwen35moe" => (i + 1) % interval != 0 && !shape.IsNextToken(i),

                // A layer there is one of three: Mamba, attention, feed-forward.
                "nemotron_h" or "nemotron_h_moe" => shape.KeyValueHeadCounts[i] == 0 && feedForward is not null && feedForward[i] == 0,
                _ => HasState(shape) && shape.KeyValueHeadCounts[i] == 0,
            };
        }

        return layers;
    }

    public static RecurrentShape? Read(ModelShape shape)
    {
        int[] layers = [.. Enumerable.Range(0, shape.LayerCount).Where(shape.IsRecurrent)];
        if (layers.Length == 0)
        {
            return null;
        }

        (long convolution, long state) = Elements(shape);
        return new RecurrentShape(layers.Length, convolution, state) { Layers = layers };
    }

    private static (long Convolution, long State) Elements(ModelShape shape)
    {
        long embedding = shape.EmbeddingLength;
        if (shape.Count("wkv.head_size") is > 0 and { } head)
        {
            return ((shape.Count("token_shift_count") ?? 2) * embedding, embedding * head);
        }

        if (shape.Count("shortconv.l_cache") is > 0 and { } cache)
        {
            return (embedding * (cache - 1), 0);
        }

        long taps = Math.Max(0, (shape.Count("ssm.conv_kernel") ?? 0) - 1);
        if (shape.Count("kda.head_dim") is > 0 and { } width)
        {
            long heads = shape.HeadCounts.Max();
            return (3 * taps * heads * width, (long)width * width * heads);
        }

        long inner = shape.Count("ssm.inner_size") ?? 0;
        long stateSize = shape.Count("ssm.state_size") ?? 0;
        long groups = shape.Count("ssm.group_count") ?? 0;
        return (taps * (inner + (2 * groups * stateSize)), stateSize * inner);
    }

    private static bool HasState(ModelShape shape) =>
        shape.Metadata.HasAny(shape.Key("ssm.")) || shape.Metadata.HasAny(shape.Key("shortconv.")) || shape.Metadata.HasAny(shape.Key("wkv."));
}
