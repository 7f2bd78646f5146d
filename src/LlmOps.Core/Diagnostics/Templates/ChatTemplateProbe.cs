using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using LlmOps.Models.Templates;

namespace LlmOps.Diagnostics.Templates;

/// <summary>Asks a running llama-server what its chat template makes of each kind of message.</summary>
/// <remarks>Uses <c>POST /apply-template</c>, which renders the prompt and generates nothing.</remarks>
public sealed class ChatTemplateProbe : IDisposable
{
    // A word that no template says by itself.
    private const string Marker = "qzvwx7";
    private const int LongestReason = 300;

    private const int LargestAnswer = 16 << 20;

    private readonly Uri _endpoint;
    private readonly HttpClient _client;

    /// <summary>Makes a probe.</summary>
    /// <param name="endpoint">The server's base address.</param>
    /// <param name="apiKey">Its key; null for none.</param>
    public ChatTemplateProbe(Uri endpoint, string? apiKey)
    {
        _endpoint = endpoint;
#pragma warning disable CA2000 // The client owns its handler.
        SocketsHttpHandler handler = new() { UseProxy = !endpoint.IsLoopback, UseCookies = false, AllowAutoRedirect = false };
#pragma warning restore CA2000
        _client = new HttpClient(handler) { BaseAddress = endpoint, Timeout = TimeSpan.FromSeconds(30), MaxResponseContentBufferSize = LargestAnswer };
        if (apiKey is not null)
        {
            _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
        }
    }

    /// <summary>Renders conversations with system, developer, user, assistant, tool and reasoning messages and says what became of each.</summary>
    /// <exception cref="LlmOpsException"><c>ServerNotReachable</c>, <c>TemplateEndpointMissing</c>, <c>ApiKeyRefused</c>.</exception>
    public async Task<IReadOnlyList<ChatTemplateFinding>> RunAsync(CancellationToken cancellationToken)
    {
        (string? system, _) = await RenderAsync(WriteStart("system"), cancellationToken).ConfigureAwait(false);
        return
        [
            await TestAsync("system", WriteStart("system"), null, cancellationToken).ConfigureAwait(false),
            await TestAsync("developer", WriteStart("developer"), system, cancellationToken).ConfigureAwait(false),
            await TestAsync("user", writer => WriteMessage(writer, "user", Marker), null, cancellationToken).ConfigureAwait(false),
            await TestAsync("assistant", WriteAssistant, null, cancellationToken).ConfigureAwait(false),
            await TestAsync("tool", WriteTool, null, cancellationToken).ConfigureAwait(false),
            await TestAsync("reasoning", WriteReasoning, null, cancellationToken).ConfigureAwait(false),
        ];
    }

    /// <inheritdoc />
    public void Dispose() => _client.Dispose();

    private async Task<ChatTemplateFinding> TestAsync(string role, Action<Utf8JsonWriter> conversation, string? likeSystem, CancellationToken cancellationToken)
    {
        (string? prompt, string? refusal) = await RenderAsync(conversation, cancellationToken).ConfigureAwait(false);
        (TemplateRoleStatus status, string message) = prompt is null ? (TemplateRoleStatus.Refused, $"the server answers: {refusal}")
            : !prompt.Contains(Marker, StringComparison.Ordinal) ? (TemplateRoleStatus.Ignored, role == "reasoning" ? "an earlier answer's reasoning is left out of the prompt" : "its text is not in the prompt")
            : prompt == likeSystem ? (TemplateRoleStatus.Accepted, "rendered exactly like system")
            : likeSystem is not null && prompt == likeSystem.Replace("system", role, StringComparison.Ordinal) ? (TemplateRoleStatus.PassedThrough, "rendered under its own name, which the model may not know")
            : (TemplateRoleStatus.Accepted, "its text is in the prompt");
        return new ChatTemplateFinding(role, status, message)
        {
            Source = _endpoint.ToString(),
            Remedy = role == "reasoning" ? null : ChatTemplateAnalysis.RemedyFor(role, status),
        };
    }

    private async Task<(string? Prompt, string? Refusal)> RenderAsync(Action<Utf8JsonWriter> conversation, CancellationToken cancellationToken)
    {
        using MemoryStream body = new();
        using (Utf8JsonWriter writer = new(body))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("messages");
            conversation(writer);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        using ByteArrayContent content = new(body.ToArray());
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        try
        {
            using HttpResponseMessage answer = await _client.PostAsync(new Uri("/apply-template", UriKind.Relative), content, cancellationToken).ConfigureAwait(false);
            string text = await answer.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
            return answer.StatusCode switch
            {
                HttpStatusCode.OK => (PromptIn(text), null),
                HttpStatusCode.NotFound => throw Failed("has no /apply-template; only llama-server renders templates without generating", "TemplateEndpointMissing"),
                HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => throw Failed("wants an API key; name its file", "ApiKeyRefused"),
                HttpStatusCode.ServiceUnavailable => throw Failed("is still loading its model; wait until it is ready", "ServerNotReady"),
                _ => (null, Reason(text)),
            };
        }
        catch (HttpRequestException problem)
        {
            throw Failed($"cannot be reached: {problem.Message}", "ServerNotReachable", problem);
        }
        catch (TaskCanceledException problem) when (!cancellationToken.IsCancellationRequested)
        {
            throw Failed("did not answer within 30 s", "ServerNotReachable", problem);
        }
    }

    private string PromptIn(string json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return document.RootElement.GetProperty("prompt").GetString() ?? "";
        }
        catch (Exception problem) when (problem is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw Failed("answered /apply-template with something else than a prompt; is it llama-server?", "TemplateEndpointMissing", problem);
        }
    }

    /// <summary>What went wrong, in one line: of a template's error the last line that says something.</summary>
    private static string Reason(string json)
    {
        string text = json;
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            if (document.RootElement.TryGetProperty("error", out JsonElement error) && error.TryGetProperty("message", out JsonElement message))
            {
                text = message.GetString() ?? json;
            }
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException)
        {
            // Not JSON: shown as it is.
        }

        string line = text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .LastOrDefault(part => part.Contains("Exception", StringComparison.Ordinal) || part.Contains("rror", StringComparison.Ordinal)) ?? text.ReplaceLineEndings(" ");
        return line.Length <= LongestReason ? line : string.Concat(line.AsSpan(0, LongestReason), "…");
    }

    private LlmOpsException Failed(string problem, string errorId, Exception? cause = null) =>
        new($"The server at {_endpoint} {problem}.", errorId, cause) { Kind = ErrorKind.ServerFailed };

    private static Action<Utf8JsonWriter> WriteStart(string role) => writer =>
    {
        WriteMessage(writer, role, Marker);
        WriteMessage(writer, "user", "Hello");
    };

    private static void WriteAssistant(Utf8JsonWriter writer)
    {
        WriteMessage(writer, "user", "Hello");
        WriteMessage(writer, "assistant", Marker);
        WriteMessage(writer, "user", "Go on");
    }

    private static void WriteTool(Utf8JsonWriter writer)
    {
        WriteMessage(writer, "user", "What time is it?");
        writer.WriteStartObject();
        writer.WriteString("role", "assistant");
        writer.WriteString("content", "");
        writer.WriteStartArray("tool_calls");
        writer.WriteStartObject();
        writer.WriteString("id", "call12345");
        writer.WriteString("type", "function");
        writer.WriteStartObject("function");
        writer.WriteString("name", "clock");
        writer.WriteString("arguments", "{\"zone\":\"UTC\"}");
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.WriteStartObject();
        writer.WriteString("role", "tool");
        writer.WriteString("tool_call_id", "call12345");
        writer.WriteString("name", "clock");
        writer.WriteString("content", Marker);
        writer.WriteEndObject();
    }

    private static void WriteReasoning(Utf8JsonWriter writer)
    {
        WriteMessage(writer, "user", "Hello");
        writer.WriteStartObject();
        writer.WriteString("role", "assistant");
        writer.WriteString("content", "Hi");
        writer.WriteString("reasoning_content", Marker);
        writer.WriteEndObject();
        WriteMessage(writer, "user", "Go on");
    }

    private static void WriteMessage(Utf8JsonWriter writer, string role, string content)
    {
        writer.WriteStartObject();
        writer.WriteString("role", role);
        writer.WriteString("content", content);
        writer.WriteEndObject();
    }
}
