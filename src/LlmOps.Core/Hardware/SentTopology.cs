using System.Text.Json;

namespace LlmOps.Hardware;

/// <summary>Finds the whole topology in the JSON of one that came from another PowerShell session.</summary>
internal static class SentTopology
{
    // The hidden property by which the PowerShell module carries objects between sessions.
    private const string SentAlong = "LlmOpsObject";

    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>
    /// What <c>ConvertTo-Json</c> makes of a topology that came from another PowerShell session has its values flattened, and beside them
    /// the whole object as text, which the module sends along.
    /// </summary>
    public static string? Find(string json)
    {
        if (!json.Contains(SentAlong, StringComparison.Ordinal))
        {
            return null;
        }

        try
        {
            using JsonDocument outer = JsonDocument.Parse(json, Lenient);
            if (!outer.RootElement.TryGetProperty(SentAlong, out JsonElement text) || text.ValueKind != JsonValueKind.String)
            {
                return null;
            }

            using JsonDocument inner = JsonDocument.Parse(text.GetString()!);
            return inner.RootElement.ValueKind == JsonValueKind.Object && inner.RootElement.TryGetProperty("Topology", out JsonElement topology) ? topology.GetRawText() : null;
        }
        catch (JsonException)
        {
            // Not what the module sent; the fields beside it are then read as they are.
            return null;
        }
    }
}
