using System.Text.Json;

namespace LlmOps.Models.Folders;

/// <summary>Reads the JSON of a safetensors header: names with type, shape and place of the data.</summary>
internal static class SafetensorsHeader
{
    // Before a header's first byte stand the eight bytes of its length.
    private const int Start = 8;
    private const int MostDimensions = 16;

    /// <exception cref="ModelFormatException">The JSON is damaged, or says something impossible.</exception>
    public static List<SafetensorsTensor> Read(ReadOnlySpan<byte> header, string path)
    {
        Utf8JsonReader reader = new(header, new JsonReaderOptions { MaxDepth = 8 });
        List<SafetensorsTensor> tensors = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        try
        {
            Expect(ref reader, JsonTokenType.StartObject, "an object", path);
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                long at = reader.TokenStartIndex;
                string name = reader.GetString()!;
                if (name == "__metadata__")
                {
                    reader.Skip();
                    continue;
                }

                tensors.Add(names.Add(name) ? ReadTensor(ref reader, name, path) : throw Invalid(path, at, $"the tensor {name} appears twice"));
            }

            // Blanks may follow, to align the data.
            return !reader.Read() ? tensors : throw Invalid(path, reader.TokenStartIndex, "something follows the end");
        }
        catch (Exception cause) when (cause is JsonException or InvalidOperationException)
        {
            // A name that is no valid Unicode text shows as InvalidOperationException.
            throw Invalid(path, reader.BytesConsumed, cause is JsonException ? "this is not JSON" : "a name is not valid text", cause);
        }
    }

    private static SafetensorsTensor ReadTensor(ref Utf8JsonReader reader, string name, string path)
    {
        string? type = null;
        List<long>? shape = null;
        List<long>? offsets = null;
        Expect(ref reader, JsonTokenType.StartObject, $"the description of {name}", path);
        long at = reader.TokenStartIndex;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("dtype"u8))
            {
                Expect(ref reader, JsonTokenType.String, $"the type of {name}", path);
                type = reader.GetString();
            }
            else if (reader.ValueTextEquals("shape"u8))
            {
                shape = Numbers(ref reader, $"the shape of {name}", path);
            }
            else if (reader.ValueTextEquals("data_offsets"u8))
            {
                offsets = Numbers(ref reader, $"the data offsets of {name}", path);
            }
            else
            {
                reader.Skip();
            }
        }

        if (type is null || shape is null || offsets is not [long begin, long end])
        {
            throw Invalid(path, at, $"{name} lacks its {(type is null ? "dtype" : shape is null ? "shape" : "two data_offsets")}");
        }

        int bits = SafetensorsType.Bits(type);
        if (bits == 0)
        {
            throw Invalid(path, at, $"{name} has the type {type}, which is not known here");
        }

        Int128 elements = 1;
        foreach (long size in shape)
        {
            elements = elements * size <= long.MaxValue ? elements * size : throw Invalid(path, at, $"{name} has the impossible shape [{string.Join(", ", shape)}]");
        }

        Int128 bytes = ((elements * bits) + 7) / 8;
        return begin <= end && bytes == end - begin
            ? new SafetensorsTensor(name, type, shape, (long)elements, begin, end)
            : throw Invalid(path, at, $"{name} is {type} of shape [{string.Join(", ", shape)}], {bytes} bytes, but its data offsets are {begin} to {end}");
    }

    private static List<long> Numbers(ref Utf8JsonReader reader, string what, string path)
    {
        Expect(ref reader, JsonTokenType.StartArray, what, path);
        List<long> numbers = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long number) || number < 0 || numbers.Count == MostDimensions)
            {
                throw Invalid(path, reader.TokenStartIndex, $"{what} must be up to {MostDimensions} whole numbers from 0");
            }

            numbers.Add(number);
        }

        return numbers;
    }

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType wanted, string what, string path)
    {
        if (!reader.Read() || reader.TokenType != wanted)
        {
            throw Invalid(path, reader.TokenStartIndex, $"{what} must be {Name(wanted)}, not {Name(reader.TokenType)}");
        }
    }

    private static string Name(JsonTokenType type) => type switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.String => "a string",
        JsonTokenType.Number => "a number",
        JsonTokenType.None => "nothing",
        _ => type.ToString(),
    };

    private static ModelFormatException Invalid(string path, long at, string problem, Exception? cause = null) =>
        new(path, $"damaged safetensors header at offset {Start + at}: {problem}; download the file again", "ModelInvalid", Start + at, cause);
}
