using System.Buffers;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace LlmOps.Benchmarking;

/// <summary>The questions asked of a server before it is measured.</summary>
internal sealed class ServerProbe(ServerClient client, string? apiKey)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan s_tokenizePatience = TimeSpan.FromMinutes(2);

    /// <summary>Makes sure that the server answers and has its model loaded.</summary>
    /// <exception cref="LlmOpsException"><c>ServerNotReachable</c>, <c>ServerNotReady</c> or <c>ApiKeyRefused</c>.</exception>
    public async Task RequireReadyAsync(CancellationToken cancellationToken)
    {
        ServerAnswer health = await client.AskAsync("health", content: null, s_patience, cancellationToken).ConfigureAwait(false);
        if (health.Status == 503)
        {
            throw new LlmOpsException($"The server at {client.Address} is not ready ({health.Refusal}); wait until it is, then measure.", "ServerNotReady") { Kind = ErrorKind.ServerFailed };
        }

        RequireKeyAccepted(health.Status);
        if (!health.IsSuccess)
        {
            // Other servers of the same protocol have no /health.
            await ListModelsAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The name of the first model that the server lists.</summary>
    /// <exception cref="LlmOpsException"><c>ModelNotListed</c>, <c>ServerNotReachable</c> or <c>ApiKeyRefused</c>.</exception>
    public async Task<string> FirstModelAsync(CancellationToken cancellationToken)
    {
        ServerAnswer answer = await ListModelsAsync(cancellationToken).ConfigureAwait(false);
        return ReadFirstModel(answer.Body)
            ?? throw new LlmOpsException($"The server at {client.Address} lists no model; name the model to ask for.", "ModelNotListed") { Kind = ErrorKind.ServerFailed };
    }

    /// <summary>How many tokens the server makes of a text; null when it cannot say (no <c>/tokenize</c>).</summary>
    /// <param name="model">The model name.</param>
    /// <param name="text">UTF-8.</param>
    /// <param name="addSpecial">Whether to count what the server puts before a prompt, and to read the names of special tokens as such.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<int?> CountTokensAsync(string model, ReadOnlyMemory<byte> text, bool addSpecial, CancellationToken cancellationToken)
    {
        ArrayBufferWriter<byte> body = new(text.Length + 256);
        using (Utf8JsonWriter json = new(body))
        {
            // llama-server reads content and add_special, vLLM prompt and add_special_tokens; each ignores the other's.
            json.WriteStartObject();
            json.WriteString("model"u8, model);
            json.WriteString("content"u8, text.Span);
            json.WriteString("prompt"u8, text.Span);
            json.WriteBoolean("add_special"u8, addSpecial);
            json.WriteBoolean("add_special_tokens"u8, addSpecial);
            json.WriteBoolean("parse_special"u8, true);
            json.WriteEndObject();
        }

        ServerAnswer answer = await PostAsync("tokenize", body, cancellationToken).ConfigureAwait(false);
        return answer.IsSuccess ? ReadTokenCount(answer.Body) : null;
    }

    /// <summary>How many tokens a user's message has within the model's chat template; null when the server cannot say.</summary>
    public async Task<int?> CountChatTokensAsync(string model, ReadOnlyMemory<byte> text, CancellationToken cancellationToken)
    {
        ArrayBufferWriter<byte> body = new(text.Length + 256);
        using (Utf8JsonWriter json = new(body))
        {
            json.WriteStartObject();
            json.WriteString("model"u8, model);
            json.WriteStartArray("messages"u8);
            json.WriteStartObject();
            json.WriteString("role"u8, "user"u8);
            json.WriteString("content"u8, text.Span);
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
        }

        // llama-server shows the text, vLLM counts the messages themselves.
        ServerAnswer templated = await PostAsync("apply-template", body, cancellationToken).ConfigureAwait(false);
        if (templated.IsSuccess)
        {
            return ReadPrompt(templated.Body) is string prompt
                ? await CountTokensAsync(model, Encoding.UTF8.GetBytes(prompt), addSpecial: true, cancellationToken).ConfigureAwait(false)
                : null;
        }

        ServerAnswer answer = await PostAsync("tokenize", body, cancellationToken).ConfigureAwait(false);
        return answer.IsSuccess && ReadTokenCount(answer.Body) is > 0 and int count ? count : null;
    }

    private async Task<ServerAnswer> PostAsync(string path, ArrayBufferWriter<byte> body, CancellationToken cancellationToken)
    {
        using ReadOnlyMemoryContent content = new(body.WrittenMemory) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        return await client.AskAsync(path, content, s_tokenizePatience, cancellationToken).ConfigureAwait(false);
    }

    private static string? ReadPrompt(byte[] body)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(body);
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("prompt", out JsonElement prompt) && prompt.ValueKind == JsonValueKind.String
                ? prompt.GetString()
                : null;
        }
        catch (JsonException)
        {
            // Something else answers there, so the server cannot say.
            return null;
        }
    }

    /// <exception cref="LlmOpsException"><c>ApiKeyRefused</c>: the status says that the key is missing or wrong.</exception>
    public void RequireKeyAccepted(int status)
    {
        if (status is 401 or 403)
        {
            string problem = apiKey is null ? "wants an API key and none was given; give its key" : "refused the API key; give the one it was started with";
            throw new LlmOpsException(FormattableString.Invariant($"The server at {client.Address} {problem} (HTTP {status})."), "ApiKeyRefused");
        }
    }

    private async Task<ServerAnswer> ListModelsAsync(CancellationToken cancellationToken)
    {
        ServerAnswer answer = await client.AskAsync("v1/models", content: null, s_patience, cancellationToken).ConfigureAwait(false);
        RequireKeyAccepted(answer.Status);
        return answer.IsSuccess
            ? answer
            : throw new LlmOpsException($"What answers at {client.Address} is no LLM server that lists its models (/v1/models: {answer.Refusal}); check the address.", "ServerNotReachable") { Kind = ErrorKind.ServerFailed };
    }

    private static string? ReadFirstModel(byte[] body)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(body);
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("data", out JsonElement data) && data.ValueKind == JsonValueKind.Array && data.GetArrayLength() > 0
                && data[0].ValueKind == JsonValueKind.Object && data[0].TryGetProperty("id", out JsonElement id) && id.ValueKind == JsonValueKind.String
                ? id.GetString()
                : null;
        }
        catch (JsonException)
        {
            // Not JSON means not a list of models, which is what null says.
            return null;
        }
    }

    private static int? ReadTokenCount(byte[] body)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(body);
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("tokens", out JsonElement tokens) && tokens.ValueKind == JsonValueKind.Array
                ? tokens.GetArrayLength()
                : null;
        }
        catch (JsonException)
        {
            // Something else answers at /tokenize, so the server cannot say.
            return null;
        }
    }
}
