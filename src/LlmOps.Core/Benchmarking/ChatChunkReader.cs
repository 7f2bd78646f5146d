using System.Buffers;
using System.Text.Json;

namespace LlmOps.Benchmarking;

/// <summary>Reads a chunk of <c>/v1/chat/completions</c> (or <c>/v1/completions</c>) in place, without making strings.</summary>
internal static class ChatChunkReader
{
    /// <summary>Reads one chunk.</summary>
    /// <param name="json">Its bytes.</param>
    /// <param name="wantsId">Whether to make a string of the answer's id.</param>
    /// <param name="content">Takes the text of the answer; null when nobody wants it.</param>
    /// <exception cref="JsonException">The data is not a JSON object.</exception>
    public static ChatChunk Read(ReadOnlySpan<byte> json, bool wantsId = false, IBufferWriter<byte>? content = null)
    {
        ChatChunk chunk = new();
        Utf8JsonReader reader = new(json);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("A chunk is not a JSON object.");
        }

        while (NextProperty(ref reader))
        {
            if (reader.ValueTextEquals("choices"u8))
            {
                ReadChoices(ref reader, ref chunk, content);
            }
            else if (wantsId && reader.ValueTextEquals("id"u8))
            {
                reader.Read();
                chunk.Id = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("usage"u8))
            {
                chunk.Usage = ReadUsage(ref reader) ?? chunk.Usage;
            }
            else if (reader.ValueTextEquals("timings"u8))
            {
                chunk.Timings = ReadTimings(ref reader) ?? chunk.Timings;
            }
            else if (reader.ValueTextEquals("error"u8))
            {
                reader.Read();
                chunk.IsError |= reader.TokenType != JsonTokenType.Null;
                reader.Skip();
            }
            else
            {
                reader.Skip();
            }
        }

        return chunk;
    }

    private static void ReadChoices(ref Utf8JsonReader reader, ref ChatChunk chunk, IBufferWriter<byte>? content)
    {
        if (!EnterValue(ref reader, JsonTokenType.StartArray))
        {
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            while (NextProperty(ref reader))
            {
                if (reader.ValueTextEquals("delta"u8))
                {
                    ReadDelta(ref reader, ref chunk, content);
                }
                else if (reader.ValueTextEquals("text"u8))
                {
                    chunk.HasOutput |= HasText(ref reader, content);
                }
                else if (reader.ValueTextEquals("finish_reason"u8))
                {
                    chunk.HasFinishReason |= HasText(ref reader);
                }
                else
                {
                    reader.Skip();
                }
            }
        }
    }

    private static void ReadDelta(ref Utf8JsonReader reader, ref ChatChunk chunk, IBufferWriter<byte>? content)
    {
        if (!EnterValue(ref reader, JsonTokenType.StartObject))
        {
            return;
        }

        while (NextProperty(ref reader))
        {
            // llama-server says reasoning_content, vLLM since 0.16 only reasoning.
            if (reader.ValueTextEquals("content"u8))
            {
                bool hasText = HasText(ref reader, content);
                chunk.HasOutput |= hasText;
                if (hasText)
                {
                    (chunk.ContentStart, chunk.ContentLength) = (chunk.ContentStart == 0 ? (int)reader.TokenStartIndex + 1 : -1, reader.ValueSpan.Length);
                }
            }
            else if (reader.ValueTextEquals("reasoning_content"u8) || reader.ValueTextEquals("reasoning"u8))
            {
                chunk.HasOutput |= HasText(ref reader);
            }
            else if (reader.ValueTextEquals("tool_calls"u8))
            {
                chunk.HasOutput |= HasElements(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private static TokenUsage? ReadUsage(ref Utf8JsonReader reader)
    {
        if (!EnterValue(ref reader, JsonTokenType.StartObject))
        {
            return null;
        }

        TokenUsage usage = new();
        while (NextProperty(ref reader))
        {
            if (reader.ValueTextEquals("prompt_tokens"u8))
            {
                usage = usage with { PromptTokens = ReadCount(ref reader) };
            }
            else if (reader.ValueTextEquals("completion_tokens"u8))
            {
                usage = usage with { OutputTokens = ReadCount(ref reader) };
            }
            else if (reader.ValueTextEquals("prompt_tokens_details"u8))
            {
                usage = usage with { CachedTokens = ReadCachedTokens(ref reader) };
            }
            else
            {
                reader.Skip();
            }
        }

        return usage;
    }

    private static long ReadCachedTokens(ref Utf8JsonReader reader)
    {
        long cached = 0;
        if (!EnterValue(ref reader, JsonTokenType.StartObject))
        {
            return cached;
        }

        while (NextProperty(ref reader))
        {
            if (reader.ValueTextEquals("cached_tokens"u8))
            {
                cached = ReadCount(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        return cached;
    }

    private static ServerTimings? ReadTimings(ref Utf8JsonReader reader)
    {
        if (!EnterValue(ref reader, JsonTokenType.StartObject))
        {
            return null;
        }

        ServerTimings timings = new();
        while (NextProperty(ref reader))
        {
            if (reader.ValueTextEquals("prompt_n"u8))
            {
                timings = timings with { PromptTokens = ReadCount(ref reader) };
            }
            else if (reader.ValueTextEquals("prompt_per_second"u8))
            {
                timings = timings with { PromptTokensPerSecond = ReadNumber(ref reader) };
            }
            else if (reader.ValueTextEquals("predicted_n"u8))
            {
                timings = timings with { OutputTokens = ReadCount(ref reader) };
            }
            else if (reader.ValueTextEquals("predicted_per_second"u8))
            {
                timings = timings with { OutputTokensPerSecond = ReadNumber(ref reader) };
            }
            else if (reader.ValueTextEquals("predicted_ms"u8))
            {
                timings = timings with { OutputSeconds = ReadNumber(ref reader) / 1000 };
            }
            else if (reader.ValueTextEquals("cache_n"u8))
            {
                timings = timings with { CachedTokens = ReadCount(ref reader) };
            }
            else if (reader.ValueTextEquals("draft_n"u8))
            {
                timings = timings with { DraftTokens = ReadCount(ref reader) };
            }
            else if (reader.ValueTextEquals("draft_n_accepted"u8))
            {
                timings = timings with { DraftTokensAccepted = ReadCount(ref reader) };
            }
            else
            {
                reader.Skip();
            }
        }

        return timings;
    }

    private static bool NextProperty(ref Utf8JsonReader reader) => reader.Read() && reader.TokenType == JsonTokenType.PropertyName;

    /// <summary>Moves from a property name into its value when that is of the wanted kind, else past it.</summary>
    private static bool EnterValue(ref Utf8JsonReader reader, JsonTokenType wanted)
    {
        reader.Read();
        if (reader.TokenType == wanted)
        {
            return true;
        }

        reader.Skip();
        return false;
    }

    private static bool HasText(ref Utf8JsonReader reader, IBufferWriter<byte>? content = null)
    {
        reader.Read();
        bool hasText = reader.TokenType == JsonTokenType.String && reader.ValueSpan.Length > 0;
        if (hasText && content is not null)
        {
            // A character may be cut between two chunks: its halves meet where they are put together.
            if (reader.ValueIsEscaped)
            {
                content.Advance(reader.CopyString(content.GetSpan(reader.ValueSpan.Length)));
            }
            else
            {
                content.Write(reader.ValueSpan);
            }
        }

        reader.Skip();
        return hasText;
    }

    private static bool HasElements(ref Utf8JsonReader reader)
    {
        if (!EnterValue(ref reader, JsonTokenType.StartArray))
        {
            return false;
        }

        int count = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            reader.Skip();
            count++;
        }

        return count > 0;
    }

    private static long ReadCount(ref Utf8JsonReader reader)
    {
        double number = ReadNumber(ref reader);
        return number is >= 0 and < long.MaxValue ? (long)number : 0;
    }

    private static double ReadNumber(ref Utf8JsonReader reader)
    {
        reader.Read();
        double number = reader.TokenType == JsonTokenType.Number && reader.TryGetDouble(out double value) && double.IsFinite(value) ? value : 0;
        reader.Skip();
        return number;
    }
}
