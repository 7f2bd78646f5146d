using System.Buffers;
using System.Net.Http.Headers;
using System.Text.Json;

namespace LlmOps.Benchmarking;

/// <summary>The requests of one stream, one after another. Its buffers are reused.</summary>
/// <param name="shape">What all requests of the load point have in common.</param>
internal sealed class ChatRequest(RequestShape shape)
{
    private static readonly MediaTypeHeaderValue s_json = new("application/json");

    private readonly ArrayBufferWriter<byte> _body = new(2048);
    private readonly ArrayBufferWriter<byte>? _answer = shape.Turns > 1 ? new(1024) : null;
    private readonly List<PromptMessage> _messages = [];
    private long _number;

    public int MaximumTokens => shape.OutputTokens;

    public CompletionApi Api => shape.Api;

    /// <summary>Whether each chunk is to say how many tokens there were so far.</summary>
    public bool CountsTokensPerChunk => shape.CountTokensPerChunk;

    /// <summary>Takes the answer's text; null when nobody wants it.</summary>
    public IBufferWriter<byte>? Answer => _answer;

    /// <summary>Turn of the conversation, from 1.</summary>
    public int Turn { get; private set; }

    /// <summary>Whether the next request can be written before the answer to this one is there.</summary>
    public bool IsIndependent => shape.Turns == 1;

    /// <summary>The body; valid until the next <see cref="Prepare"/>.</summary>
    public ReadOnlyMemory<byte> Body => _body.WrittenMemory;

    /// <summary>Writes the next turn of the conversation, or the first of a new one.</summary>
    /// <param name="number">Gives the number of a new conversation.</param>
    /// <param name="continues">Whether the last request got its answer, so that the conversation can go on.</param>
    public void Prepare(Func<long> number, bool continues)
    {
        IReadOnlyList<PromptMessage> added = [];
        if (continues && Turn > 0 && Turn < shape.Turns)
        {
            added = shape.Prompts.Turn(_number, Turn + 1);
        }

        if (added.Count > 0)
        {
            _messages.Add(new PromptMessage("assistant", _answer!.WrittenSpan.ToArray()));
            Turn++;
        }
        else
        {
            _number = number();
            _messages.Clear();
            Turn = 1;
            added = shape.Prompts.Turn(_number, 1);
        }

        _messages.AddRange(added);
        _answer?.ResetWrittenCount();
        Write();
    }

    /// <summary>The body for .NET's own HTTP client.</summary>
    public HttpContent ToContent() => new ReadOnlyMemoryContent(Body) { Headers = { ContentType = s_json } };

    private void Write()
    {
        _body.ResetWrittenCount();
        using Utf8JsonWriter json = new(_body);
        json.WriteStartObject();
        json.WriteString("model"u8, shape.Model);
        if (shape.Api == CompletionApi.Chat)
        {
            WriteMessages(json);
        }
        else
        {
            WritePlainPrompt(json);
        }

        json.WriteNumber("max_tokens"u8, shape.OutputTokens);
        json.WriteBoolean("stream"u8, true);
        json.WriteStartObject("stream_options"u8);
        json.WriteBoolean("include_usage"u8, true);
        if (shape.CountTokensPerChunk)
        {
            json.WriteBoolean("continuous_usage_stats"u8, true);
        }

        json.WriteEndObject();
        if (shape.CountTokensPerChunk)
        {
            json.WriteBoolean("timings_per_token"u8, true);
        }

        if (shape.IgnoreEndOfText)
        {
            // Exact length needs ignore_eos on both engines, and min_tokens too on vLLM; each ignores what it does not know.
            json.WriteBoolean("ignore_eos"u8, true);
            json.WriteNumber("min_tokens"u8, shape.OutputTokens);
        }

        json.WriteNumber("temperature"u8, 0);

        // A prefix that is shared on purpose, and the turns of a conversation, are what a cache is for.
        json.WriteBoolean("cache_prompt"u8, shape.MayUseCache);
        if (shape.ToolCalls && shape.Api == CompletionApi.Chat)
        {
            MeasuringTool.Write(json);
        }

        json.WriteEndObject();
    }

    private void WriteMessages(Utf8JsonWriter json)
    {
        json.WriteStartArray("messages"u8);
        foreach (PromptMessage message in _messages)
        {
            json.WriteStartObject();
            json.WriteString("role"u8, message.Role);
            json.WriteString("content"u8, message.Content.Span);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private void WritePlainPrompt(Utf8JsonWriter json)
    {
        if (_messages.Count == 1)
        {
            json.WriteString("prompt"u8, _messages[0].Content.Span);
            return;
        }

        ArrayBufferWriter<byte> text = new();
        foreach (PromptMessage message in _messages)
        {
            if (text.WrittenCount > 0)
            {
                text.Write("\n"u8);
            }

            text.Write(message.Content.Span);
        }

        json.WriteString("prompt"u8, text.WrittenSpan);
    }
}
