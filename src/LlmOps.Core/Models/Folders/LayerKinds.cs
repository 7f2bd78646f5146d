using System.Text.Json;

namespace LlmOps.Models.Folders;

/// <summary>What keeps the state of a layer.</summary>
internal enum LayerKind
{
    /// <summary>Attention to all tokens.</summary>
    Full,

    /// <summary>Attention to the last tokens only.</summary>
    Sliding,

    /// <summary>Recurrent: linear attention, state space, short convolution.</summary>
    Recurrent,

    /// <summary>Attention and recurrent state side by side.</summary>
    Both,

    /// <summary>Neither: feed-forward alone.</summary>
    None,
}

/// <summary>Tells layers apart: from the list that a configuration carries, else by its architecture's rule.</summary>
/// <remarks>Source of the rules: huggingface/transformers <c>configuration_*.py</c> and vllm <c>model_executor/models</c>.</remarks>
internal static class LayerKinds
{
    public static IReadOnlyList<LayerKind> Read(FolderShape shape)
    {
        LayerKind[] kinds = new LayerKind[shape.BodyLayerCount];
        Func<int, LayerKind> rule = Listed(shape) ?? Rule(shape);
        for (int i = 0; i < kinds.Length; i++)
        {
            kinds[i] = rule(i);
        }

        return kinds;
    }

    /// <summary>Tokens that a sliding layer looks back; null where none is said.</summary>
    public static int? Window(FolderShape shape) =>
        shape.Count("sliding_window", "sliding_window_size", "attention_chunk_size", "attention_window_size", "local_window_size") is > 0 and { } tokens ? tokens : null;

    private static Func<int, LayerKind>? Listed(FolderShape shape)
    {
        ConfigJson config = shape.Config;
        if (config.Words("layer_types", "layers_block_type", "block_types") is { Length: > 0 } words)
        {
            // Recurrentgemma writes one period only.
            return layer => Word(words[layer % words.Length]);
        }

        if (config.Text("hybrid_override_pattern") is { Length: > 0 } letters)
        {
            return layer => layer >= letters.Length ? LayerKind.None : letters[layer] switch { 'M' => LayerKind.Recurrent, '*' => LayerKind.Full, _ => LayerKind.None };
        }

        // MiniMax: 1 attends. MiMo: 1 slides.
        if (config.List("attn_type_list") is { Length: > 0 } types)
        {
            return layer => types[Math.Min(layer, types.Length - 1)] == 1 ? LayerKind.Full : LayerKind.Recurrent;
        }

        if (config.List("hybrid_layer_pattern") is { Length: > 0 } slides)
        {
            return layer => slides[Math.Min(layer, slides.Length - 1)] == 1 ? LayerKind.Sliding : LayerKind.Full;
        }

        if (config.Find("linear_attn_config") is { } kimi && ConfigJson.Property(kimi, "full_attn_layers") is { ValueKind: JsonValueKind.Array } oneBased)
        {
            HashSet<int> full = [.. oneBased.EnumerateArray().Select(item => item.TryGetInt32(out int number) ? number : 0)];
            return layer => full.Contains(layer + 1) ? LayerKind.Full : LayerKind.Recurrent;
        }

        return config.List("attn_layer_indices", "full_attn_idxs") is { } attends ? layer => attends.Contains(layer) ? LayerKind.Full : LayerKind.Recurrent : null;
    }

    private static LayerKind Word(string word) => word switch
    {
        "sliding_attention" or "chunked_attention" or "local" or "local_attention" or "sliding" or "swa" => LayerKind.Sliding,
        "linear_attention" or "mamba" or "mamba2" or "conv" or "recurrent" or "ssm" or "linear" or "kda" or "gdn" or "rwkv" => LayerKind.Recurrent,
        "hybrid" => LayerKind.Both,
        "mlp" or "moe" or "ffn" => LayerKind.None,
        _ => LayerKind.Full,
    };

    private static Func<int, LayerKind> Rule(FolderShape shape)
    {
        switch (shape.ModelType)
        {
            case "mamba" or "mamba2" or "falcon_mamba" or "rwkv" or "rwkv7":
                return _ => LayerKind.Recurrent;
            case "falcon_h1":
                return _ => LayerKind.Both;
            case "qwen3_next" or "qwen3_5" or "qwen3_5_text" or "qwen3_5_moe" or "qwen3_5_moe_text":
                int interval = Math.Max(1, shape.Count("full_attention_interval") ?? 4);
                return layer => (layer + 1) % interval == 0 ? LayerKind.Full : LayerKind.Recurrent;
            case "jamba":
                int period = Math.Max(1, shape.Count("attn_layer_period") ?? 8);
                int offset = shape.Count("attn_layer_offset") ?? 4;
                return layer => layer % period == offset % period ? LayerKind.Full : LayerKind.Recurrent;
            default:
                return Windowed(shape);
        }
    }

    private static Func<int, LayerKind> Windowed(FolderShape shape)
    {
        ConfigJson config = shape.Config;
        if (Window(shape) is null || config.Flag("use_sliding_window") == false)
        {
            return _ => LayerKind.Full;
        }

        if (config.Text("sliding_window_pattern") is { Length: > 0 } letters)
        {
            return layer => letters[layer % letters.Length] == 'L' ? LayerKind.Sliding : LayerKind.Full;
        }

        int? period = config.Find("sliding_window_pattern", "_sliding_window_pattern") is { ValueKind: JsonValueKind.Number }
            ? config.Count("sliding_window_pattern", "_sliding_window_pattern")
            : null;
        switch (shape.ModelType)
        {
            case "gemma2" or "gpt_oss":
                return layer => layer % 2 == 0 ? LayerKind.Sliding : LayerKind.Full;
            case "llama4_text" when config.List("no_rope_layers") is { Length: > 0 } ropes:
                return layer => ropes[Math.Min(layer, ropes.Length - 1)] != 0 ? LayerKind.Sliding : LayerKind.Full;

            // These have the number and do not use it unless told.
            case ['q', 'w', 'e', 'n', ..]:
                int first = config.Count("max_window_layers") ?? 0;
                return config.Flag("use_sliding_window") == true ? layer => layer >= first ? LayerKind.Sliding : LayerKind.Full : _ => LayerKind.Full;
            default:
                period ??= shape.ModelType switch { "gemma3_text" or "gemma3" => 6, "gemma3n_text" => 5, "cohere2" or "llama4_text" or "exaone4" => 4, _ => null };
                return period is > 0 and { } every ? layer => (layer + 1) % every == 0 ? LayerKind.Full : LayerKind.Sliding : _ => LayerKind.Sliding;
        }
    }
}
