using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace LlmOps.Serialization;

/// <summary>Reads and writes the fields of small records by hand.</summary>
/// <remarks>
/// The serialiser, also with generated metadata, takes some 60 ms to get going, in the supervisor before every engine and in every
/// command that lists servers; this takes a few.
/// </remarks>
internal static class JsonFields
{
    // Read by people and programs from a file, never from a web page: paths and names may keep their letters.
    private static readonly JsonWriterOptions s_readable = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>One JSON object, for people to read.</summary>
    public static byte[] Write(Action<Utf8JsonWriter> writeFields)
    {
        ArrayBufferWriter<byte> buffer = new(1024);
        using (Utf8JsonWriter writer = new(buffer, s_readable))
        {
            writer.WriteStartObject();
            writeFields(writer);
            writer.WriteEndObject();
        }

        buffer.Write("\n"u8);
        return buffer.WrittenSpan.ToArray();
    }

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
        // By the type as an object: the generic ways are compiled anew for each enumeration.
        Enum.TryParse(typeof(T), parent.Text(name), out object? value) && Enum.IsDefined(typeof(T), value) ? (T)value : throw new JsonException($"'{name}' has an unknown value");

    public static JsonElement? OptionalObject(this JsonElement parent, string name) =>
        parent.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Object ? value : null;

    public static JsonElement Object(this JsonElement parent, string name) =>
        parent.OptionalObject(name) ?? throw new JsonException($"'{name}' is missing");

    public static long? OptionalLong(this JsonElement parent, string name) =>
        parent.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number ? value.GetInt64() : null;

    /// <summary>A list of texts; empty when it is not there.</summary>
    public static IReadOnlyList<string> Texts(this JsonElement parent, string name) => parent.Entries(name, text => text.GetString() ?? string.Empty);

    /// <summary>The entries of a list; none when it is not there.</summary>
    public static JsonElement.ArrayEnumerator Entries(this JsonElement parent, string name) =>
        parent.TryGetProperty(name, out JsonElement list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : default;

    /// <summary>What <paramref name="read"/> makes of each entry of a list; where there are none the same empty list each time, so that records without any are equal.</summary>
    public static IReadOnlyList<T> Entries<T>(this JsonElement parent, string name, Func<JsonElement, T> read)
    {
        List<T> entries = [];
        foreach (JsonElement entry in parent.Entries(name))
        {
            entries.Add(read(entry));
        }

        return entries.Count == 0 ? Array.Empty<T>() : entries;
    }

    /// <summary>Texts by name; empty when they are not there.</summary>
    public static Dictionary<string, string> TextsByName(this JsonElement parent, string name)
    {
        Dictionary<string, string> texts = [];
        if (parent.OptionalObject(name) is { } named)
        {
            foreach (JsonProperty text in named.EnumerateObject())
            {
                texts[text.Name] = text.Value.GetString() ?? string.Empty;
            }
        }

        return texts;
    }

    /// <summary>Writes an object.</summary>
    public static void Object(this Utf8JsonWriter writer, string name, Action writeFields)
    {
        writer.WriteStartObject(name);
        writeFields();
        writer.WriteEndObject();
    }

    /// <summary>Writes a list of objects.</summary>
    public static void Entries<T>(this Utf8JsonWriter writer, string name, IEnumerable<T> entries, Action<T> writeFields)
    {
        writer.WriteStartArray(name);
        foreach (T entry in entries)
        {
            writer.WriteStartObject();
            writeFields(entry);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    /// <summary>Writes a list of texts.</summary>
    public static void Field(this Utf8JsonWriter writer, string name, IReadOnlyList<string> texts)
    {
        writer.WriteStartArray(name);
        foreach (string text in texts)
        {
            writer.WriteStringValue(text);
        }

        writer.WriteEndArray();
    }

    /// <summary>Writes texts by name.</summary>
    public static void Field(this Utf8JsonWriter writer, string name, IReadOnlyDictionary<string, string> texts)
    {
        writer.WriteStartObject(name);
        foreach ((string key, string text) in texts)
        {
            writer.WriteString(key, text);
        }

        writer.WriteEndObject();
    }

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
