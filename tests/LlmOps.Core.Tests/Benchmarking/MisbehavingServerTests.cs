using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using LlmOps.Benchmarking;
using Xunit;

namespace LlmOps.Tests.Benchmarking;

/// <summary>Each way to misbehave, met by one stream and by two hundred at a time, through both clients.</summary>
public sealed class MisbehavingServerTests
{
    private const string NoLength = "HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";

    private static readonly Dictionary<string, Behaviour> s_behaviours = new()
    {
        // Failures, each by its own name.
        ["falls silent after the first token"] = new("stalled", async (stream, _, stop) => { await Write(stream, FakeChatServer.OkHead + Part(Token)); await Forever(stop); }) { Stall = 0.3 },
        ["never answers"] = new("timeout", (_, _, stop) => Forever(stop)) { Timeout = 0.8 },
        ["sends its head a byte at a time for ever"] = new("timeout", SlowHead) { Timeout = 0.8 },
        ["sends comments for ever"] = new("timeout", SlowComments) { Timeout = 0.8 },
        ["resets in the middle of a chunk"] = new("connection reset", async (stream, _, _) => { await Write(stream, FakeChatServer.OkHead + "40\r\ndata: {\"cho"); Reset(stream); }),
        ["closes in the middle of a chunk"] = new("stream ended early", async (stream, _, _) => { await Write(stream, FakeChatServer.OkHead + "40\r\ndata: {\"cho"); stream.Close(); }),
        ["closes between two events"] = new("stream ended early", async (stream, _, _) => { await Write(stream, FakeChatServer.OkHead + Part(Token)); stream.Close(); }),
        ["closes without a word"] = new("stream ended early", (stream, _, _) => { stream.Close(); return Task.CompletedTask; }),
        ["ends its chunks before the answer is over"] = new("stream ended early", (stream, _, _) => Write(stream, FakeChatServer.OkHead + Part(Token) + "0\r\n\r\n")),
        ["speaks no HTTP"] = new("invalid HTTP response", (stream, _, _) => Write(stream, "SSH-2.0-OpenSSH_9.2\r\n\r\n")),
        ["says a chunk is shorter than it is"] = new("invalid HTTP response", (stream, _, _) => Write(stream, FakeChatServer.OkHead + "4\r\n" + Token + "\r\n")),
        ["sends garbage for JSON"] = new("invalid JSON in stream", (stream, _, _) => Write(stream, FakeChatServer.OkHead + Part(Token) + Part("data: \u0001\u0002\n\n") + "0\r\n\r\n")),
        ["sends a page"] = new("not an event stream", (stream, _, _) => Write(stream, FakeChatServer.OkHead + Part("<html><body>proxy</body></html>\n\n") + "0\r\n\r\n")),
        ["fails in the stream"] = new("error 500 in stream", (stream, _, _) => Write(stream, FakeChatServer.OkHead + Part(Token) + Part("data: {\"error\":{\"code\":500,\"message\":\"the slot died\"}}\n\n") + "0\r\n\r\n")) { Detail = "the slot died" },
        ["answers 500"] = new("HTTP 500", (stream, _, _) => Write(stream, FakeChatServer.Plain(500, "{\"error\":{\"message\":\"out of slots\"}}"))) { Detail = "out of slots" },
        ["answers 500 with a body that never ends"] = new("HTTP 500", async (stream, _, stop) => { await Write(stream, "HTTP/1.1 500 X\r\nContent-Length: 9999\r\n\r\nsorry"); await Forever(stop); }) { Timeout = 0.8 },
        ["answers 429 and when to come again"] = new("HTTP 429", (stream, _, _) => Write(stream, "HTTP/1.1 429 X\r\nRetry-After: 3600\r\nContent-Length: 2\r\n\r\n{}")) { Detail = "retry after 3600" },
        ["says done without a token"] = new("no output", (stream, _, _) => Write(stream, FakeChatServer.OkHead + Part("data: [DONE]\n\n") + "0\r\n\r\n")),

        // Oddities that are no failure.
        ["cuts every character in two"] = new(null, HalfCharacters),
        ["sends a byte at a time"] = new(null, ByteByByte),
        ["writes chunk sizes oddly, with extensions and trailers"] = new(null, (stream, body, _) => Write(stream, FakeChatServer.OkHead.Replace("chunked", "Chunked", StringComparison.Ordinal) + OddChunks(FakeChatServer.Answer(body)))),
        ["answers as HTTP/1.0, to the end of the connection"] = new(null, async (stream, body, _) => { await Write(stream, NoLength + FakeChatServer.Answer(body)); stream.Close(); }),
        ["hints first"] = new(null, (stream, body, _) => Write(stream, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + FakeChatServer.OkHead + FakeChatServer.Chunked(FakeChatServer.Answer(body)))),
        ["closes after each answer without saying so"] = new(null, async (stream, body, _) => { await Write(stream, FakeChatServer.OkHead + FakeChatServer.Chunked(FakeChatServer.Answer(body))); stream.Close(); }) { RequestsOfEach = 3 },
        ["is done but does not end its chunks"] = new(null, async (stream, body, stop) => { await Write(stream, FakeChatServer.OkHead + Part(FakeChatServer.Answer(body))); await Forever(stop); }),
        ["closes after it is done, before its chunks end"] = new(null, async (stream, body, _) => { await Write(stream, FakeChatServer.OkHead + Part(FakeChatServer.Answer(body))); stream.Close(); }),
        ["sends the end of one line as two bytes"] = new(null, (stream, body, _) => Write(stream, FakeChatServer.OkHead + FakeChatServer.Chunked(FakeChatServer.Answer(body).Replace("\n", "\r\n", StringComparison.Ordinal)))),
    };

    public static TheoryData<string, int, bool> Cases
    {
        get
        {
            TheoryData<string, int, bool> cases = [];
            foreach (string behaviour in s_behaviours.Keys)
            {
                cases.Add(behaviour, 1, false);
                cases.Add(behaviour, 200, false);
                cases.Add(behaviour, 1, true);
            }

            return cases;
        }
    }

    private static string Token => "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\" a\"}}]}\n\n";

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_server_that(string misbehaves, int streams, bool throughTheSystemsClient)
    {
        Behaviour behaviour = s_behaviours[misbehaves];
        await using FakeChatServer server = new() { Chat = behaviour.Chat };
        using ServerClient client = new(server.Endpoint, apiKey: null, stallTimeout: TimeSpan.FromSeconds(behaviour.Stall), usesSystemClient: throughTheSystemsClient);
        LoadPoint point = new()
        {
            Model = "m",
            Prompts = new SyntheticPrompts(new WordPrompt(WordList.Common, 4), seed: 1),
            Concurrency = streams,
            OutputTokens = 5,
            RequestLimit = streams * behaviour.RequestsOfEach,
            RequestTimeout = TimeSpan.FromSeconds(behaviour.Timeout),
        };

        IReadOnlyList<RequestSample> samples = await new ClosedLoop(client, point, static _ => { }).RunAsync(TestContext.Current.CancellationToken);

        Assert.Equal(
            new Dictionary<string, int> { [behaviour.Error ?? "none"] = streams * behaviour.RequestsOfEach },
            samples.GroupBy(sample => sample.Error ?? "none").ToDictionary(kind => kind.Key, kind => kind.Count()));
        Assert.All(samples, sample => Assert.True(behaviour.Detail is null || sample.ErrorDetail?.Contains(behaviour.Detail, StringComparison.Ordinal) == true, sample.ErrorDetail));
        Assert.All(samples.Where(sample => sample.Error is null), sample => Assert.Equal((5L, 5), (sample.OutputTokens, sample.ChunkTimes.Length)));
    }

    private static string Part(string text) => FakeChatServer.ChunkedPart(text);

    private static Task Write(NetworkStream stream, string text) => FakeChatServer.WriteAsync(stream, text);

    private static Task Forever(CancellationToken stop) => Task.Delay(Timeout.Infinite, stop);

    private static void Reset(NetworkStream stream)
    {
        stream.Socket.LingerState = new LingerOption(enable: true, seconds: 0);
        stream.Socket.Close();
    }

    private static async Task SlowHead(NetworkStream stream, JsonElement body, CancellationToken stop)
    {
        await Write(stream, "HTTP/1.1 200 OK\r\nX-Slow: ");
        while (true)
        {
            await Write(stream, "x");
            await Task.Delay(50, stop);
        }
    }

    private static async Task SlowComments(NetworkStream stream, JsonElement body, CancellationToken stop)
    {
        await Write(stream, FakeChatServer.OkHead);
        while (true)
        {
            await Write(stream, Part(": waiting\n\n"));
            await Task.Delay(50, stop);
        }
    }

    /// <summary>é as C3 in one chunk and A9 in the next, as a server sends it that has a token for each.</summary>
    private static async Task HalfCharacters(NetworkStream stream, JsonElement body, CancellationToken stop)
    {
        await Write(stream, FakeChatServer.OkHead);
        for (int token = 0; token < 5; token++)
        {
            byte[] text = Encoding.Latin1.GetBytes(Token.Replace(" a", token % 2 == 0 ? "\u00c3" : "\u00a9", StringComparison.Ordinal));
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"{text.Length:x}\r\n"), stop);
            await stream.WriteAsync(text, stop);
            await Write(stream, "\r\n");
        }

        await Write(stream, Part("data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":5}}\n\ndata: [DONE]\n\n") + "0\r\n\r\n");
    }

    private static async Task ByteByByte(NetworkStream stream, JsonElement body, CancellationToken stop)
    {
        foreach (byte value in Encoding.UTF8.GetBytes(FakeChatServer.OkHead + FakeChatServer.Chunked(FakeChatServer.Answer(body))))
        {
            await stream.WriteAsync(new[] { value }, stop);
        }
    }

    private static string OddChunks(string text)
    {
        StringBuilder chunks = new();
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        for (int at = 0; at < bytes.Length; at += 31)
        {
            byte[] part = bytes[at..Math.Min(bytes.Length, at + 31)];
            chunks.Append($"000{part.Length:X};name=\"value\"\r\n").Append(Encoding.Latin1.GetString(part)).Append("\r\n");
        }

        // Back from Latin-1: the pieces may cut a character.
        string latin = chunks.Append("0\r\nX-Checksum: 1\r\nX-Other: 2\r\n\r\n").ToString();
        return Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(latin));
    }

    private sealed record Behaviour(string? Error, Func<NetworkStream, JsonElement, CancellationToken, Task> Chat)
    {
        public string? Detail { get; init; }

        public double Stall { get; init; } = 60;

        public double Timeout { get; init; } = 60;

        public int RequestsOfEach { get; init; } = 1;
    }
}
