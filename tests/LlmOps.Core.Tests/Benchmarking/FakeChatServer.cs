using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using LlmOps.Core.Tests;

namespace LlmOps.Tests.Benchmarking;

/// <summary>A server on loopback that answers with exact bytes, so that a test decides what goes over the wire.</summary>
internal sealed class FakeChatServer : LoopbackServer
{
    /// <summary>Sees every chat request's body and writes the whole answer, head included.</summary>
    public Func<NetworkStream, JsonElement, CancellationToken, Task> Chat { get; set; } =
        static (stream, body, _) => WriteAsync(stream, OkHead + Chunked(Answer(body)));

    public string HealthAnswer { get; set; } = Plain(200, "{\"status\":\"ok\"}");

    /// <summary>How many tokens a text has; one per word unless a test wants an odder tokenizer.</summary>
    public Func<string, int> CountTokens { get; set; } = static text => text.Split(' ').Length;

    /// <summary>What the chat template makes of a prompt; null when the server cannot show it.</summary>
    public Func<string, string>? Template { get; set; }

    /// <summary>Null answers as <see cref="CountTokens"/> counts.</summary>
    public string? TokenizeAnswer { get; set; }

    public bool ClosesAfterEachChat { get; set; }

    public ConcurrentQueue<string> Prompts { get; } = [];

    public ConcurrentQueue<string> Heads { get; } = [];

    public int ChatCount;

    /// <summary>What the server's chat template adds to a prompt.</summary>
    public const int TemplateTokens = 5;

    public const string OkHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

    public static string Plain(int status, string body) =>
        string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}");

    public static string Chunked(string text) =>
        string.Create(CultureInfo.InvariantCulture, $"{Encoding.UTF8.GetByteCount(text):x}\r\n{text}\r\n0\r\n\r\n");

    /// <summary>One chunk, with more to come.</summary>
    public static string ChunkedPart(string text) =>
        string.Create(CultureInfo.InvariantCulture, $"{Encoding.UTF8.GetByteCount(text):x}\r\n{text}\r\n");

    /// <summary>A well-formed answer of as many tokens as asked for.</summary>
    public static string Answer(JsonElement body, int? promptTokens = null)
    {
        int tokens = body.GetProperty("max_tokens").GetInt32();
        int prompt = promptTokens ?? Prompt(body).Split(' ').Length + TemplateTokens;
        StringBuilder text = new("data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":null}}]}\n\n");
        for (int index = 0; index < tokens; index++)
        {
            text.Append("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\" é\"}}]}\n\n");
        }

        text.Append("data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"length\"}]}\n\n");
        text.Append(CultureInfo.InvariantCulture, $"data: {{\"choices\":[],\"usage\":{{\"prompt_tokens\":{prompt},\"completion_tokens\":{tokens}}},\"timings\":{{\"prompt_n\":{prompt},\"prompt_per_second\":1000,\"predicted_n\":{tokens},\"predicted_per_second\":50.5}}}}\n\ndata: [DONE]\n\n");
        return text.ToString();
    }

    public static string Prompt(JsonElement body) => body.TryGetProperty("messages", out JsonElement messages)
        ? messages[messages.GetArrayLength() - 1].GetProperty("content").GetString()!
        : body.GetProperty("prompt").GetString()!;

    public static async Task WriteAsync(NetworkStream stream, string text) => await stream.WriteAsync(Encoding.UTF8.GetBytes(text));

    protected override async Task AnswerAsync(NetworkStream stream, CancellationToken stop)
    {
        while (await ReadRequestAsync(stream, stop) is (string head, string body))
        {
            Heads.Enqueue(head);
            if (head.StartsWith("POST /v1/chat/completions ", StringComparison.Ordinal) || head.StartsWith("POST /v1/completions ", StringComparison.Ordinal))
            {
                using JsonDocument document = JsonDocument.Parse(body);
                Interlocked.Increment(ref ChatCount);
                Prompts.Enqueue(Prompt(document.RootElement));
                await Chat(stream, document.RootElement, stop);
                if (ClosesAfterEachChat)
                {
                    return;
                }
            }
            else
            {
                await WriteAsync(stream, SmallAnswer(head, body));
            }
        }
    }

    private string SmallAnswer(string head, string body)
    {
        if (head.StartsWith("GET /health ", StringComparison.Ordinal))
        {
            return HealthAnswer;
        }

        if (head.StartsWith("POST /tokenize ", StringComparison.Ordinal))
        {
            using JsonDocument document = JsonDocument.Parse(body);
            if (!document.RootElement.TryGetProperty("content", out JsonElement text))
            {
                return Plain(400, "{\"error\":\"no content\"}");
            }

            int tokens = CountTokens(text.GetString()!);
            return TokenizeAnswer ?? Plain(200, $"{{\"tokens\":[{string.Join(',', Enumerable.Repeat("7", tokens))}]}}");
        }

        if (Template is not null && head.StartsWith("POST /apply-template ", StringComparison.Ordinal))
        {
            using JsonDocument document = JsonDocument.Parse(body);
            return Plain(200, JsonSerializer.Serialize(new { prompt = Template(Prompt(document.RootElement)) }));
        }

        return head.StartsWith("GET /v1/models ", StringComparison.Ordinal)
            ? Plain(200, "{\"data\":[{\"id\":\"the-model\"},{\"id\":\"another\"}]}")
            : Plain(404, "{\"error\":{\"code\":404,\"message\":\"File Not Found\"}}");
    }

    private static async Task<(string Head, string Body)?> ReadRequestAsync(NetworkStream stream, CancellationToken stop)
    {
        List<byte> bytes = [];
        byte[] buffer = new byte[8192];
        while (true)
        {
            string text = Encoding.Latin1.GetString([.. bytes]);
            int end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end >= 0 && bytes.Count >= end + 4 + ContentLength(text[..end]))
            {
                return (text[..end], text[(end + 4)..]);
            }

            int count = await stream.ReadAsync(buffer, stop);
            if (count == 0)
            {
                return null;
            }

            bytes.AddRange(buffer.AsSpan(0, count));
        }
    }

    private static int ContentLength(string head)
    {
        foreach (string line in head.Split("\r\n"))
        {
            if (line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))
            {
                return int.Parse(line["Content-Length:".Length..], CultureInfo.InvariantCulture);
            }
        }

        return 0;
    }
}
