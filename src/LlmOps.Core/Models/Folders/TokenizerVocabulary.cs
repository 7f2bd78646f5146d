using System.Text.Json;

namespace LlmOps.Models.Folders;

/// <summary>Counts the tokens of a <c>tokenizer.json</c>, merges left aside.</summary>
internal static class TokenizerVocabulary
{
    private const string FileName = "tokenizer.json";

    /// <returns>One more than the largest id; null when the folder has no such file.</returns>
    /// <exception cref="ModelFormatException">The file is damaged.</exception>
    public static int? Count(string folder)
    {
        string path = Path.Combine(folder, FileName);
        return File.Exists(path) ? Count(FolderFile.ReadAll(path), path) : null;
    }

    private static int? Count(ReadOnlySpan<byte> json, string path)
    {
        Utf8JsonReader reader = new(json.StartsWith("\uFEFF"u8) ? json[3..] : json);
        int largest = -1;
        int pieces = 0;
        bool added = false;
        bool vocabulary = false;
        try
        {
            // Merges are the larger half of the file and come last.
            while (!(added && vocabulary) && reader.Read())
            {
                if (reader.TokenType != JsonTokenType.PropertyName)
                {
                    continue;
                }

                if (reader.CurrentDepth == 1 && reader.ValueTextEquals("added_tokens"u8))
                {
                    reader.Read();
                    largest = Math.Max(largest, LargestId(ref reader));
                    added = true;
                }
                else if (reader.CurrentDepth == 2 && reader.ValueTextEquals("vocab"u8))
                {
                    reader.Read();
                    (pieces, largest) = reader.TokenType == JsonTokenType.StartArray ? (Elements(ref reader), largest) : (0, Math.Max(largest, LargestValue(ref reader)));
                    vocabulary = true;
                }
                else if (!(reader.CurrentDepth == 1 && reader.ValueTextEquals("model"u8)))
                {
                    reader.Skip();
                }
            }
        }
        catch (Exception cause) when (cause is JsonException or InvalidOperationException)
        {
            throw new ModelFormatException(path, $"damaged JSON at offset {reader.BytesConsumed}; download the file again", "ModelInvalid", reader.BytesConsumed, cause);
        }

        int count = Math.Max(pieces, largest + 1);
        return count > 0 ? count : null;
    }

    private static int LargestValue(ref Utf8JsonReader reader)
    {
        int depth = reader.CurrentDepth;
        int largest = -1;
        while (reader.Read() && reader.CurrentDepth > depth)
        {
            if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out int id))
            {
                largest = Math.Max(largest, Math.Min(id, int.MaxValue - 1));
            }
        }

        return largest;
    }

    private static int LargestId(ref Utf8JsonReader reader)
    {
        int depth = reader.CurrentDepth;
        int largest = -1;
        while (reader.Read() && reader.CurrentDepth > depth)
        {
            if (reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("id"u8) && reader.Read()
                && reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out int id))
            {
                largest = Math.Max(largest, Math.Min(id, int.MaxValue - 1));
            }
        }

        return largest;
    }

    private static int Elements(ref Utf8JsonReader reader)
    {
        int depth = reader.CurrentDepth;
        int count = 0;
        while (reader.Read() && reader.CurrentDepth > depth)
        {
            count += reader.TokenType == JsonTokenType.StartArray ? 1 : 0;
        }

        return count;
    }
}
