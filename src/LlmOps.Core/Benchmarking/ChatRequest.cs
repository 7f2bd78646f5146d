using System.Buffers;
using System.Net.Http.Headers;
using System.Text.Json;

namespace LlmOps.Benchmarking;

/// <summary>The body of one chat request. Its buffers are reused from request to request of one stream.</summary>
internal sealed class ChatRequest
{
    private static readonly MediaTypeHeaderValue s_json = new("application/json");

    private readonly ArrayBufferWriter<byte> _prompt = new(1024);
    private readonly ArrayBufferWriter<byte> _body = new(2048);

    public int MaximumTokens { get; private set; }

    /// <summary>Writes a new body with a new prompt.</summary>
    public void Prepare(string model, WordPrompt prompt, Random random, int maximumTokens)
    {
        MaximumTokens = maximumTokens;
        _prompt.ResetWrittenCount();
        prompt.Write(_prompt, random);

        _body.ResetWrittenCount();
        using Utf8JsonWriter json = new(_body);
        json.WriteStartObject();
        json.WriteString("model"u8, model);
        json.WriteStartArray("messages"u8);
        json.WriteStartObject();
        json.WriteString("role"u8, "user"u8);
        json.WriteString("content"u8, _prompt.WrittenSpan);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteNumber("max_tokens"u8, maximumTokens);
        json.WriteBoolean("stream"u8, true);
        json.WriteStartObject("stream_options"u8);
        json.WriteBoolean("include_usage"u8, true);
        json.WriteEndObject();

        // Exact length needs ignore_eos on both engines, and min_tokens too on vLLM; each ignores what it does not know.
        json.WriteBoolean("ignore_eos"u8, true);
        json.WriteNumber("min_tokens"u8, maximumTokens);
        json.WriteNumber("temperature"u8, 0);
        json.WriteBoolean("cache_prompt"u8, false);
        json.WriteEndObject();
    }

    /// <summary>The body; valid until the next <see cref="Prepare"/>.</summary>
    public HttpContent ToContent() => new ReadOnlyMemoryContent(_body.WrittenMemory) { Headers = { ContentType = s_json } };
}
