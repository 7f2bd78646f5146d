using System.Globalization;
using System.Text.Json;

namespace LlmOps.Servers;

/// <summary>Reads and writes the fields of small records by hand.</summary>
/// <remarks>
/// The serialiser, also with generated metadata, takes some 60 ms to get going, in the supervisor before every engine and in every
/// command that lists servers; this takes a few.
/// </remarks>
internal static class JsonFields
{
    public static string Text(this JsonElement parent, string name) =>
        parent.OptionalText(name) ?? throw new JsonException($"'{name}' is missing");

    public static string? OptionalText(this JsonElement parent, string name) =>
        parent.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    public static int Number(this JsonElement parent, string name) =>
        parent.OptionalNumber(name) ?? throw new JsonException($"'{name}' is missing");

    public static int? OptionalNumber(this JsonElement parent, string name) =>
        parent.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number ? value.GetInt32() : null;

    public static DateTimeOffset? OptionalTime(this JsonElement parent, string name) => parent.OptionalText(name) is not { } text
        ? null
        : DateTimeOffset.TryParseExact(text, "O", CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out DateTimeOffset time)
            ? time
            : throw new JsonException($"'{name}' is no time");

    public static T Choice<T>(this JsonElement parent, string name)
        where T : struct, Enum =>
        Enum.TryParse(parent.Text(name), out T value) && Enum.IsDefined(value) ? value : throw new JsonException($"'{name}' has an unknown value");

    public static JsonElement? OptionalObject(this JsonElement parent, string name) =>
        parent.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Object ? value : null;

    public static JsonElement Object(this JsonElement parent, string name) =>
        parent.OptionalObject(name) ?? throw new JsonException($"'{name}' is missing");

    /// <summary>Writes a text, or nothing for null.</summary>
    public static void Field(this Utf8JsonWriter writer, string name, string? value)
    {
        if (value is not null)
        {
            writer.WriteString(name, value);
        }
    }

    /// <summary>Writes a number, or nothing for null.</summary>
    public static void Field(this Utf8JsonWriter writer, string name, long? value)
    {
        if (value is { } number)
        {
            writer.WriteNumber(name, number);
        }
    }

    /// <summary>Writes a time, or nothing for null.</summary>
    public static void Field(this Utf8JsonWriter writer, string name, DateTimeOffset? value) =>
        writer.Field(name, value?.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
}
