using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LlmOps.StandIns.Vllm;

/// <summary>vLLM's routes, with its answers, its errors and its guard.</summary>
internal sealed class Api(ServedModel model, Engine engine, Counters counters, CommandLine told, string version, string? key)
{
    private static readonly JsonSerializerOptions s_relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly long _started = DateTimeOffset.UtcNow.ToUnixTimeSeconds();

    /// <summary>Answers a request.</summary>
    /// <returns>The status.</returns>
    public async Task<int> AnswerAsync(Connection client, Request request)
    {
        if (key is not null && request.Path.StartsWith("/v1", StringComparison.Ordinal) && request.Headers.GetValueOrDefault("authorization") != $"Bearer {key}")
        {
            return await SayAsync(client, 401, """{"error":"Unauthorized"}""");
        }

        switch (request.Method, request.Path)
        {
            case ("GET", "/health" or "/ping"):
                return await SayAsync(client, engine.IsAlive ? 200 : 503, string.Empty);
            case ("GET", "/version"):
                return await SayAsync(client, 200, new JsonObject { ["version"] = version }.ToJsonString());
            case ("GET", "/metrics"):
                await client.AnswerAsync(200, told.IsOn("disable-log-stats") ? string.Empty : counters.Write(), "text/plain; version=0.0.4; charset=utf-8");
                return 200;
            case ("GET", "/v1/models"):
                return await SayAsync(client, 200, Models());
            case ("POST", "/tokenize"):
                return await WithBodyAsync(client, request, body => TokenizeAsync(client, body));
            case ("POST", "/v1/chat/completions"):
                return await WithBodyAsync(client, request, body => GenerateAsync(client, body, isChat: true));
            case ("POST", "/v1/completions"):
                return await WithBodyAsync(client, request, body => GenerateAsync(client, body, isChat: false));
            default:
                return await SayAsync(client, 404, """{"detail":"Not Found"}""");
        }
    }

    private static async Task<int> WithBodyAsync(Connection client, Request request, Func<JsonElement, Task<int>> answer)
    {
        try
        {
            using JsonDocument body = JsonDocument.Parse(request.Body);
            return await answer(body.RootElement);
        }
        catch (Exception problem) when (problem is JsonException or KeyNotFoundException or InvalidOperationException && !client.IsStreaming)
        {
            return await RefuseAsync(client, 400, "BadRequestError", problem.Message);
        }
    }

    private string Models() => new JsonObject
    {
        ["object"] = "list",
        ["data"] = new JsonArray(new JsonObject
        {
            ["id"] = model.Name, ["object"] = "model", ["created"] = _started, ["owned_by"] = "vllm", ["root"] = model.Path, ["parent"] = null,
            ["max_model_len"] = model.MaxLength, ["permission"] = new JsonArray(),
        }),
    }.ToJsonString();

    private async Task<int> TokenizeAsync(Connection client, JsonElement body)
    {
        int[] tokens = body.TryGetProperty("messages", out JsonElement messages) ? Tokenizer.Encode(Messages(messages)) : Tokenizer.Encode(body.GetProperty("prompt").GetString()!);
        return await SayAsync(client, 200, new JsonObject
        {
            ["count"] = tokens.Length, ["max_model_len"] = model.MaxLength, ["tokens"] = new JsonArray([.. tokens.Select(token => (JsonNode)token)]), ["token_strs"] = null,
        }.ToJsonString());
    }

    private async Task<int> GenerateAsync(Connection client, JsonElement body, bool isChat)
    {
        if (body.TryGetProperty("model", out JsonElement asked) && asked.GetString() is { Length: > 0 } name && name != model.Name)
        {
            return await RefuseAsync(client, 404, "NotFoundError", $"The model `{name}` does not exist.");
        }

        int[] prompt = isChat ? Tokenizer.Encode(Messages(body.GetProperty("messages"))) : Prompt(body.GetProperty("prompt"));
        if (prompt.Length >= model.MaxLength)
        {
            return await RefuseAsync(client, 400, "BadRequestError", $"This model's maximum context length is {model.MaxLength} tokens. However, your request has {prompt.Length} input tokens. Please reduce the length of the input messages.");
        }

        int? most = Whole(body, "max_completion_tokens") ?? Whole(body, "max_tokens");
        if (most < 1)
        {
            return await RefuseAsync(client, 400, "BadRequestError", $"max_tokens must be at least 1, got {most}.");
        }

        if (!engine.IsAlive)
        {
            return await RefuseAsync(client, 500, "InternalServerError", "EngineCore encountered an issue. See stack trace (above) for the root cause.");
        }

        bool ignoresEnd = body.TryGetProperty("ignore_eos", out JsonElement ignore) && ignore.ValueKind == JsonValueKind.True;
        Job job = new(prompt, Math.Min(most ?? (isChat ? model.MaxLength : 16), model.MaxLength - prompt.Length), ignoresEnd);
        engine.Add(job);
        Answering answer = new(this, client, job, isChat, body);
        return body.TryGetProperty("stream", out JsonElement stream) && stream.ValueKind == JsonValueKind.True ? await answer.StreamAsync() : await answer.WholeAsync();
    }

    private static int[] Prompt(JsonElement prompt) => prompt.ValueKind == JsonValueKind.Array
        ? [.. prompt.EnumerateArray().Select(token => token.GetInt32())]
        : Tokenizer.Encode(prompt.GetString()!);

    private static IEnumerable<(string Role, string Content)> Messages(JsonElement messages)
    {
        foreach (JsonElement message in messages.EnumerateArray())
        {
            JsonElement content = message.GetProperty("content");
            yield return (message.GetProperty("role").GetString()!, content.ValueKind == JsonValueKind.Array
                ? string.Concat(content.EnumerateArray().Select(part => part.TryGetProperty("text", out JsonElement text) ? text.GetString() : string.Empty))
                : content.GetString() ?? string.Empty);
        }
    }

    private static int? Whole(JsonElement body, string name) => body.TryGetProperty(name, out JsonElement value) && value.TryGetInt32(out int number) ? number : null;

    private static Task<int> RefuseAsync(Connection client, int status, string type, string message) => SayAsync(client, status, Error(status, type, message));

    private static string Error(int status, string type, string message) => new JsonObject
    {
        ["error"] = new JsonObject { ["message"] = message, ["type"] = type, ["param"] = null, ["code"] = status },
    }.ToJsonString(s_relaxed);

    private static async Task<int> SayAsync(Connection client, int status, string body)
    {
        await client.AnswerAsync(status, body);
        return status;
    }

    /// <summary>The answer to one request, whole or in events.</summary>
    private sealed class Answering(Api api, Connection client, Job job, bool isChat, JsonElement body)
    {
        private readonly string _id = $"{(isChat ? "chatcmpl" : "cmpl")}-{Guid.NewGuid():N}";
        private readonly long _created = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        private bool _usageInChunks;
        private int _said;

        // Where thinking is told apart, an answer begins with as many tokens of it; an assumption of the stand-in.
        private const int ThoughtTokens = 8;

        public async Task<int> StreamAsync()
        {
            bool usage = StreamOption("include_usage");
            _usageInChunks = usage && StreamOption("continuous_usage_stats");
            try
            {
                await client.BeginStreamAsync();
                bool first = true;
                await foreach (Job.Piece piece in job.Pieces.ReadAllAsync())
                {
                    if (first && isChat)
                    {
                        await client.SendAsync(Chunk(new JsonObject { ["role"] = "assistant", ["content"] = string.Empty }, null));
                    }

                    first = false;
                    string field = isChat && api.Thinks && _said < ThoughtTokens ? api.ThoughtField : "content";
                    string text = Words(piece.Tokens);
                    await client.SendAsync(Chunk(isChat ? new JsonObject { [field] = text } : JsonValue.Create(text), piece.Finish));
                }

                if (usage)
                {
                    JsonObject last = Frame(isChat ? "chat.completion.chunk" : "text_completion", new JsonArray());
                    last["usage"] = Usage();
                    await client.SendAsync(last.ToJsonString());
                }
            }
            catch (InvalidOperationException problem)
            {
                await client.SendAsync(Error(500, "InternalServerError", problem.Message));
            }
            catch (System.Net.Sockets.SocketException)
            {
                job.IsGone = true; // The client left; vLLM stops computing for it too.
                throw;
            }

            await client.SendAsync("[DONE]");
            await client.EndStreamAsync();
            return 200;
        }

        public async Task<int> WholeAsync()
        {
            string? finish = null;
            System.Text.StringBuilder text = new();
            try
            {
                await foreach (Job.Piece piece in job.Pieces.ReadAllAsync())
                {
                    text.Append(Words(piece.Tokens));
                    finish = piece.Finish;
                }
            }
            catch (InvalidOperationException problem)
            {
                return await RefuseAsync(client, 500, "InternalServerError", problem.Message);
            }

            JsonObject choice = new() { ["index"] = 0 };
            choice[isChat ? "message" : "text"] = isChat ? new JsonObject { ["role"] = "assistant", ["content"] = text.ToString() } : JsonValue.Create(text.ToString());
            choice["logprobs"] = null;
            choice["finish_reason"] = finish;
            choice["stop_reason"] = null;
            JsonObject whole = Frame(isChat ? "chat.completion" : "text_completion", new JsonArray(choice));
            whole["usage"] = Usage();
            return await SayAsync(client, 200, whole.ToJsonString());
        }

        private bool StreamOption(string name) =>
            body.TryGetProperty("stream_options", out JsonElement options) && options.TryGetProperty(name, out JsonElement wanted) && wanted.ValueKind == JsonValueKind.True;

        private JsonObject Usage()
        {
            JsonObject usage = new() { ["prompt_tokens"] = job.Prompt.Length, ["total_tokens"] = job.Prompt.Length + job.Generated, ["completion_tokens"] = job.Generated };
            if (api.PromptDetails)
            {
                usage["prompt_tokens_details"] = new JsonObject { ["cached_tokens"] = job.CachedTokens };
            }

            return usage;
        }

        private string Chunk(JsonNode? delta, string? finish)
        {
            JsonObject choice = new() { ["index"] = 0 };
            choice[isChat ? "delta" : "text"] = delta;
            choice["logprobs"] = null;
            choice["finish_reason"] = finish;
            if (finish is not null)
            {
                choice["stop_reason"] = null;
            }

            JsonObject chunk = Frame(isChat ? "chat.completion.chunk" : "text_completion", new JsonArray(choice));
            if (_usageInChunks)
            {
                chunk["usage"] = new JsonObject { ["prompt_tokens"] = job.Prompt.Length, ["total_tokens"] = job.Prompt.Length + _said, ["completion_tokens"] = _said };
            }

            return chunk.ToJsonString();
        }

        private JsonObject Frame(string kind, JsonArray choices) => new()
        {
            ["id"] = _id, ["object"] = kind, ["created"] = _created, ["model"] = api.Name, ["choices"] = choices,
        };

        private string Words(int tokens) => string.Concat(Enumerable.Range(0, tokens).Select(_ => (++_said).ToString("' w'0", CultureInfo.InvariantCulture)));
    }

    private bool PromptDetails => told.IsOn("enable-prompt-tokens-details");

    private string Name => model.Name;

    private bool Thinks => told["reasoning-parser"] is not null;

    // Renamed for 0.11.1; both were sent for a while.
    private string ThoughtField => version.StartsWith("0.10.", StringComparison.Ordinal) || version == "0.11.0" ? "reasoning_content" : "reasoning";
}
