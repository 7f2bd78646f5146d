using System.Collections.Frozen;

namespace LlmOps.Models.Folders;

/// <summary>What the Python class of a model takes for a number that its <c>config.json</c> leaves out.</summary>
/// <remarks>Source: huggingface/transformers <c>src/transformers/models/*/configuration_*.py</c>. Only classes whose published models do leave some out.</remarks>
internal static class ConfigDefaults
{
    private static readonly FrozenDictionary<string, FrozenDictionary<string, int>> s_types = new Dictionary<string, FrozenDictionary<string, int>>
    {
        ["gemma3_text"] = Of(("num_attention_heads", 8), ("num_key_value_heads", 4), ("head_dim", 256), ("vocab_size", 262208), ("max_position_embeddings", 131072)),
        ["gemma2"] = Of(("head_dim", 256), ("sliding_window", 4096)),
        ["cohere2"] = Of(("sliding_window", 4096)),
        ["gpt_oss"] = Of(("head_dim", 64), ("sliding_window", 128)),
        ["llama4_text"] = Of(("attention_chunk_size", 8192)),
        ["mistral"] = Of(("num_key_value_heads", 8)),
        ["mixtral"] = Of(("num_key_value_heads", 8)),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The default of <paramref name="name"/>; null where the class has none that matters.</summary>
    public static int? Find(string modelType, string name) =>
        s_types.TryGetValue(modelType, out FrozenDictionary<string, int>? values) && values.TryGetValue(name, out int value) ? value : null;

    private static FrozenDictionary<string, int> Of(params ReadOnlySpan<(string Name, int Value)> values)
    {
        Dictionary<string, int> result = [];
        foreach ((string name, int value) in values)
        {
            result[name] = value;
        }

        return result.ToFrozenDictionary(StringComparer.Ordinal);
    }
}
