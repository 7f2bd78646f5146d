using System.Text.Json;

namespace LlmOps.Models.Folders;

/// <summary>Reads <c>generation_config.json</c>.</summary>
internal static class GenerationReader
{
    public static GenerationDefaults? Read(string folder)
    {
        string path = Path.Combine(folder, "generation_config.json");
        if (!File.Exists(path))
        {
            return null;
        }

        JsonElement root = FolderFile.ReadJson(path);
        return new GenerationDefaults
        {
            Temperature = Number("temperature"),
            TopP = Number("top_p"),
            TopK = Whole("top_k"),
            MinP = Number("min_p"),
            RepetitionPenalty = Number("repetition_penalty"),
            MaxNewTokens = Whole("max_new_tokens"),
            EndTokenIds = ConfigJson.Property(root, "eos_token_id") switch
            {
                { ValueKind: JsonValueKind.Number } one when one.TryGetInt32(out int id) => [id],
                { ValueKind: JsonValueKind.Array } many => [.. many.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out _)).Select(item => item.GetInt32())],
                _ => [],
            },
        };

        double? Number(string name) => ConfigJson.Property(root, name) is { ValueKind: JsonValueKind.Number } value && value.TryGetDouble(out double number) && double.IsFinite(number) ? number : null;

        int? Whole(string name) => ConfigJson.Property(root, name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt32(out int number) ? number : null;
    }
}
