using System.Text.Json;

namespace LlmOps.Models.Folders;

/// <summary>Works out each layer's attention from <c>config.json</c>.</summary>
/// <remarks>Source: huggingface/transformers <c>configuration_*.py</c>; vllm <c>config/model.py</c> and <c>v1/kv_cache_interface.py</c>.</remarks>
internal static class FolderAttention
{
    /// <param name="shape">The model.</param>
    /// <param name="nextTokenLayers">Layers behind the body whose tensors are there.</param>
    public static IReadOnlyList<AttentionShape> Read(FolderShape shape, int nextTokenLayers)
    {
        int body = shape.BodyLayerCount;
        Widths full = Full(shape);
        Widths sliding = Sliding(shape, full);
        int[] heads = [.. shape.HeadCounts];
        int[] keyValueHeads = KeyValueHeads(shape);
        int firstShared = body - Math.Min(body, shape.Count("num_kv_shared_layers") ?? 0);
        int? window = LayerKinds.Window(shape);
        List<AttentionShape> layers = [];
        for (int i = 0; i < body; i++)
        {
            LayerKind kind = shape.Layers[i];
            bool slides = kind == LayerKind.Sliding;
            bool attends = kind is LayerKind.Full or LayerKind.Sliding or LayerKind.Both && heads[i] > 0;
            Widths widths = slides ? sliding : full;
            layers.Add(new AttentionShape(
                i,
                attends ? widths.Heads ?? heads[i] : 0,
                attends && i < firstShared ? widths.KeyValueHeads ?? keyValueHeads[i] : 0,
                widths.Key,
                widths.Value,
                slides ? window : null));
        }

        // A layer that predicts further tokens attends as the last layer of the body that sees everything.
        AttentionShape? like = layers.LastOrDefault(layer => layer is { KeyValueHeadCount: > 0, SlidingWindow: null });
        for (int i = body; i < body + nextTokenLayers; i++)
        {
            layers.Add(like is null
                ? new AttentionShape(i, 0, 0, 0, 0, null)
                : like with { Layer = i, KeyValueHeadCount = 0, DraftKeyValueHeadCount = like.KeyValueHeadCount });
        }

        return layers;
    }

    private static Widths Full(FolderShape shape)
    {
        // Multi-head latent attention: one key of rank + rope elements for all heads, which is the value too.
        if (shape.Count("kv_lora_rank") is > 0 and { } rank && shape.Count("qk_rope_head_dim") is { } rope)
        {
            return new Widths(rank + rope, 0, null, 1);
        }

        int key = shape.Config.Has("qk_nope_head_dim") && shape.Config.Has("qk_rope_head_dim")
            ? (shape.Count("qk_nope_head_dim") ?? 0) + (shape.Count("qk_rope_head_dim") ?? 0)
            : shape.Count("global_head_dim") is > 0 and { } wide ? wide
            : shape.HeadLength;

        // Gemma 4: layers that see everything may have fewer and wider heads than the others.
        int? few = shape.Config.Has("global_head_dim") ? shape.Count("num_global_key_value_heads") : null;
        return new Widths(key, shape.Count("v_head_dim") is > 0 and { } value ? value : key, null, few);
    }

    private static Widths Sliding(FolderShape shape, Widths full)
    {
        // The other way round than Gemma 4: here the sliding layers are the special ones.
        if (shape.Count("swa_head_dim") is > 0 and { } special)
        {
            return new Widths(special, shape.Count("swa_v_head_dim") ?? special, shape.Count("swa_num_attention_heads"), shape.Count("swa_num_key_value_heads"));
        }

        return shape.Config.Has("global_head_dim") ? new Widths(shape.HeadLength, shape.HeadLength, null, null)
            : shape.Count("swa_num_key_value_heads") is { } heads ? full with { KeyValueHeads = heads }
            : full;
    }

    private static int[] KeyValueHeads(FolderShape shape)
    {
        int layers = shape.BodyLayerCount;

        // Nemotron by architecture search: a list of blocks, each with its own heads per group or no attention.
        if (shape.Config.Find("block_configs") is { ValueKind: JsonValueKind.Array } blocks)
        {
            int[] counts = new int[layers];
            int i = 0;
            foreach (JsonElement block in blocks.EnumerateArray().Take(layers))
            {
                counts[i] = ConfigJson.Property(block, "attention") is { } attention && ConfigJson.Property(attention, "n_heads_in_group") is { } group
                    && group.TryGetInt32(out int inGroup) && inGroup > 0 ? shape.HeadCounts[i] / inGroup : 0;
                i++;
            }

            return counts;
        }

        // Falcon's first models share one head and say so with a flag.
        return shape.Config.PerLayer(layers, "num_key_value_heads", "num_kv_heads", "n_head_kv", "multi_query_group_num", "num_key_value_groups_heads")
            ?? (shape.Config.Flag("multi_query") == true ? Same(layers, 1)
                : ConfigDefaults.Find(shape.ModelType, "num_key_value_heads") is { } usual ? Same(layers, usual)
                : [.. shape.HeadCounts]);
    }

    private static int[] Same(int count, int value)
    {
        int[] values = new int[count];
        values.AsSpan().Fill(value);
        return values;
    }

    /// <param name="Key">Elements of a key head.</param>
    /// <param name="Value">Elements of a value head.</param>
    /// <param name="Heads">Query heads, where they differ from the usual.</param>
    /// <param name="KeyValueHeads">Key and value heads, where they differ from the usual.</param>
    private sealed record Widths(int Key, int Value, int? Heads, int? KeyValueHeads);
}
