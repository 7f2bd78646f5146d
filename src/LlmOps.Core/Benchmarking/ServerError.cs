using System.Text;
using System.Text.Json;

namespace LlmOps.Benchmarking;

/// <summary>What a server says when it refuses: <c>{"error":{"message","type","code"}}</c>, a plain text in its place, or the object without its wrapper.</summary>
/// <param name="Message">One line, at most 300 characters; null when the server said nothing.</param>
/// <param name="Code">The HTTP status that the object names.</param>
internal readonly record struct ServerError(string? Message, int? Code)
{
    private const int LongestMessage = 300;

    public static ServerError Parse(ReadOnlySpan<byte> body)
    {
        try
        {
            Utf8JsonReader reader = new(body);
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            JsonElement error = document.RootElement;
            if (error.ValueKind == JsonValueKind.Object && error.TryGetProperty("error", out JsonElement inner))
            {
                error = inner;
            }

            return error.ValueKind switch
            {
                JsonValueKind.Object => new ServerError(OneLine(ReadText(error, "message") ?? error.GetRawText()), ReadCode(error)),
                JsonValueKind.String => new ServerError(OneLine(error.GetString()), null),
                _ => new ServerError(OneLine(error.GetRawText()), null),
            };
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Not JSON (a proxy's page, a plain text), or text that is no valid UTF-8: show it as it is.
            return new ServerError(OneLine(Encoding.UTF8.GetString(body)), null);
        }
    }

    private static string? ReadText(JsonElement error, string name) =>
        error.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static int? ReadCode(JsonElement error) =>
        error.TryGetProperty("code", out JsonElement value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int code) ? code : null;

    private static string? OneLine(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return null;
        }

        string line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= LongestMessage ? line : line[..LongestMessage] + "…";
    }
}
