using System.Collections.Frozen;

namespace LlmOps.Models;

/// <summary>Works out each layer's attention, and which layers keep a KV cache.</summary>
/// <remarks>Source: llama.cpp <c>src/llama-hparams.cpp</c>, <c>src/models/*.cpp</c> and <c>llama_model::create_memory</c>.</remarks>
internal static class AttentionReader
{
    // create_memory makes none for these: encoders and diffusion models.
    private static readonly FrozenSet<string> s_withoutCache = FrozenSet.Create(
        "bert", "nomic-bert", "nomic-bert-moe", "jina-bert-v2", "jina-bert-v3", "neo-bert", "modern-bert", "eurobert", "gemma-embedding",
        "t5encoder", "wavtokenizer-dec", "dream", "llada", "llada-moe", "rnd1", "clip");

    // Mamba layers with attention beside them.
    private static readonly FrozenSet<string> s_bothKinds = FrozenSet.Create("falcon-h1");

    // gemma3n: the layers from here on use the caches of the ones before.
    private const int Gemma3nLayersWithCache = 20;

    public static IReadOnlyList<AttentionShape> Read(ModelShape shape)
    {
        SlidingWindow window = SlidingWindow.Read(shape);

        // Multi-head latent attention, absorbed: one key of rank + rope elements for all heads, which is the value too.
        bool latent = shape.Count("attention.key_length_mla") > 0 && shape.Count("attention.value_length_mla") > 0;
        int headLength = shape.HeadCounts.FirstOrDefault(count => count > 0) is > 0 and int heads ? shape.EmbeddingLength / heads : 0;
        int keyLength = shape.Count("attention.key_length") ?? headLength;
        int valueLength = shape.Count("attention.value_length") ?? headLength;
        int keyLengthInWindow = shape.Count("attention.key_length_swa") ?? keyLength;
        int valueLengthInWindow = shape.Count("attention.value_length_swa") ?? valueLength;
        int firstShared = FirstLayerOfSharedCache(shape);
        AttentionShape[] layers = new AttentionShape[shape.LayerCount];
        for (int i = 0; i < layers.Length; i++)
        {
            bool attends = !shape.IsRecurrent(i) || s_bothKinds.Contains(shape.Architecture);
            int keyValueHeads = attends && !s_withoutCache.Contains(shape.Architecture) ? shape.KeyValueHeadCounts[i] : 0;
            bool ownCache = i < firstShared && !shape.IsNextToken(i);
            bool windowed = window.Covers(i);
            layers[i] = new AttentionShape(
                i,
                attends ? shape.HeadCounts[i] : 0,
                ownCache ? keyValueHeads : 0,
                windowed ? keyLengthInWindow : keyLength,
                latent ? 0 : windowed ? valueLengthInWindow : valueLength,
                windowed ? window.Tokens : null)
            {
                DraftKeyValueHeadCount = shape.IsNextToken(i) ? keyValueHeads : 0,
            };
        }

        return layers;
    }

    private static int FirstLayerOfSharedCache(ModelShape shape) => shape.Architecture == "gemma3n"
        ? Gemma3nLayersWithCache
        : shape.LayerCount - (shape.Count("attention.shared_kv_layers") ?? 0);
}
