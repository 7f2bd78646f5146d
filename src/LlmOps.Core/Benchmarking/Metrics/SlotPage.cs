using System.Text.Json;

namespace LlmOps.Benchmarking.Metrics;

/// <summary>Reads llama-server's <c>/slots</c>.</summary>
/// <remarks>
/// Source: llama.cpp <c>tools/server/README.md</c>, GET /slots. <c>next_token</c> is an array of one in newer builds and an object in older ones;
/// <c>is_processing</c> was <c>state</c> (0 idle) before b4100; <c>n_prompt_tokens</c> counts all that the slot holds.
/// </remarks>
internal static class SlotPage
{
    /// <summary>The slots; empty for a text of another kind.</summary>
    public static IReadOnlyList<SlotMetric> Parse(string text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind == JsonValueKind.Array
                ? [.. document.RootElement.EnumerateArray().Where(slot => slot.ValueKind == JsonValueKind.Object).Select(Read)]
                : [];
        }
        catch (JsonException)
        {
            // Something else answers there; it has no slots to show.
            return [];
        }
    }

    private static SlotMetric Read(JsonElement slot)
    {
        bool busy = slot.TryGetProperty("is_processing", out JsonElement processing)
            ? processing.ValueKind == JsonValueKind.True
            : Number(slot, "state") is > 0;
        return new SlotMetric
        {
            Id = (int)(Number(slot, "id") ?? 0),
            IsBusy = busy,
            ContextLength = Number(slot, "n_ctx"),
            TokensHeld = Number(slot, "n_prompt_tokens") ?? Number(slot, "n_past") ?? (busy ? null : 0),
            TokensGenerated = busy && Next(slot) is { } next ? Number(next, "n_decoded") : null,
        };
    }

    private static JsonElement? Next(JsonElement slot) => !slot.TryGetProperty("next_token", out JsonElement next) ? null
        : next.ValueKind == JsonValueKind.Object ? next
        : next.ValueKind == JsonValueKind.Array && next.GetArrayLength() > 0 && next[0].ValueKind == JsonValueKind.Object ? next[0]
        : null;

    private static long? Number(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) ? number : null;
}
