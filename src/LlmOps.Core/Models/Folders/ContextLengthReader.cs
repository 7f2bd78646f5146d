using System.Text.Json;

namespace LlmOps.Models.Folders;

/// <summary>Tokens of context that a model folder is made for, RoPE scaling included.</summary>
/// <remarks>Source: vllm <c>config/model.py</c>, <c>_get_and_verify_max_len</c>: YaRN multiplies the original length, other kinds are in the number already.</remarks>
internal static class ContextLengthReader
{
    public static long Read(FolderShape shape)
    {
        long said = shape.Count("max_position_embeddings", "n_positions", "max_sequence_length", "max_seq_len", "seq_length", "model_max_length") ?? 0;
        return shape.Config.Find("rope_scaling", "rope_parameters") is { ValueKind: JsonValueKind.Object } scaling
            && (ConfigJson.Property(scaling, "rope_type") ?? ConfigJson.Property(scaling, "type"))?.ToString() == "yarn"
            && ConfigJson.Property(scaling, "factor") is { ValueKind: JsonValueKind.Number } factor && factor.TryGetDouble(out double times)
            && ConfigJson.Property(scaling, "original_max_position_embeddings") is { ValueKind: JsonValueKind.Number } original && original.TryGetDouble(out double length)
            && times * length is > 0 and < int.MaxValue
                ? Math.Max(said, (long)(times * length))
                : said;
    }
}
