using System.Globalization;
using System.Text;
using System.Text.Json;

namespace LlmOps.Hardware;

/// <summary>The text of a topology, for saying where in it something is wrong.</summary>
internal sealed class TopologyText(string json, string origin)
{
    private const string Remedy = "Save one with 'llmops gpu --json'.";
    private static readonly JsonReaderOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };
    private readonly byte[] _bytes = Encoding.UTF8.GetBytes(json);

    /// <summary>Checks that the text is whole JSON, an object, and has one of the fields that make a topology.</summary>
    /// <exception cref="LlmOpsException"><c>TopologyInvalid</c>.</exception>
    public void RequireTopology()
    {
        if (string.IsNullOrWhiteSpace(json))
        {
            throw Invalid(0, $"the text is empty. {Remedy}");
        }

        Utf8JsonReader reader = new(_bytes, Lenient);
        bool isTopology = false;
        try
        {
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                throw Invalid(reader.TokenStartIndex, $"a topology is a JSON object, this is {Describe(reader.TokenType)}. {Remedy}");
            }

            while (reader.Read())
            {
                isTopology |= reader.CurrentDepth == 1 && reader.TokenType == JsonTokenType.PropertyName
                    && reader.GetString() is { } name && (Is(name, "gpus") || Is(name, "host"));
            }
        }
        catch (JsonException failure)
        {
            string cause = reader.BytesConsumed >= _bytes.Length || Offset(failure) >= _bytes.Length ? "the JSON ends too early" : "this is not JSON";
            throw Invalid(Offset(failure), $"{cause}: {FirstSentence(failure.Message)}. {Remedy}", failure);
        }

        if (!isTopology)
        {
            throw Invalid(0, $"this JSON is not a topology: it has neither 'gpus' nor 'host'. {Remedy}");
        }
    }

    /// <summary>Turns the serialiser's complaint about a value into ours: which field, where, and what stands there.</summary>
    public LlmOpsException Explain(JsonException failure)
    {
        long end = Offset(failure);
        (long start, string token) = TokenAt(end);
        string field = (failure.Path ?? "$").TrimStart('$').TrimStart('.');
        string why = failure.Message.StartsWith("must be", StringComparison.Ordinal) ? FirstSentence(failure.Message) : "has a value of the wrong type";
        return Invalid(start, $"'{field}' {why}; found {token}.", failure);
    }

    private (long Start, string Token) TokenAt(long end)
    {
        Utf8JsonReader reader = new(_bytes, Lenient);
        while (reader.Read())
        {
            if (reader.BytesConsumed >= end)
            {
                string token = Encoding.UTF8.GetString(_bytes.AsSpan((int)reader.TokenStartIndex, (int)(reader.BytesConsumed - reader.TokenStartIndex)));
                return (reader.TokenStartIndex, token.Length > 40 ? token[..40] + "…" : token switch { "{" => "an object", "[" => "a list", _ => token });
            }
        }

        return (end, "the end of the text");
    }

    private long Offset(JsonException failure)
    {
        long offset = 0;
        for (long line = failure.LineNumber ?? 0; line > 0; line--)
        {
            offset += _bytes.AsSpan((int)offset).IndexOf((byte)'\n') + 1;
        }

        return Math.Min(offset + (failure.BytePositionInLine ?? 0), _bytes.Length);
    }

    private LlmOpsException Invalid(long offset, string message, Exception? inner = null)
    {
        string before = Encoding.UTF8.GetString(_bytes.AsSpan(0, (int)offset));
        int line = before.Count(letter => letter == '\n') + 1;
        int column = before.Length - (before.LastIndexOf('\n') + 1) + 1;
        return new LlmOpsException(string.Create(CultureInfo.InvariantCulture, $"{origin}: line {line}, column {column}: {message}"), "TopologyInvalid", inner);
    }

    private static bool Is(string name, string wanted) => string.Equals(name, wanted, StringComparison.OrdinalIgnoreCase);

    private static string Describe(JsonTokenType token) => token switch
    {
        JsonTokenType.StartArray => "a list",
        JsonTokenType.String => "a text",
        JsonTokenType.Number => "a number",
        _ => "a plain value",
    };

    /// <summary>The serialiser appends path and position, which we say ourselves.</summary>
    private static string FirstSentence(string message)
    {
        int end = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        string sentence = end < 0 ? message : message[..end];
        end = sentence.IndexOf(" Path:", StringComparison.Ordinal);
        return (end < 0 ? sentence : sentence[..end]).ReplaceLineEndings(" ").Trim().TrimEnd('.', '|', ' ');
    }
}
