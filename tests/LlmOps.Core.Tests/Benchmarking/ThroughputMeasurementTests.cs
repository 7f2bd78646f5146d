using System.Text;
using LlmOps.Benchmarking;
using Xunit;

namespace LlmOps.Tests.Benchmarking;

/// <summary>What holds whichever way the bytes are received.</summary>
public abstract class ThroughputMeasurementTests(bool usesSystemClient)
{
    [Fact]
    public async Task Every_token_of_every_stream_is_counted_and_no_prompt_comes_twice()
    {
        await using FakeChatServer server = new();
        ThroughputResult[] results = await MeasureAsync(Options(server) with { Concurrency = [1, 4], PromptTokens = 100, OutputTokens = 20, Requests = 12 });

        Assert.Equal([1, 4], results.Select(result => result.Concurrency));
        foreach (ThroughputResult result in results)
        {
            Assert.Equal("the-model", result.Model);
            Assert.Equal((12, 0), (result.Requests, result.Errors));
            Assert.Equal((1200L, 240L), (result.PromptTokens, result.OutputTokens));
            Assert.Equal((240L, 1200L), (result.Server.OutputTokens!.Value, result.Server.PromptTokens!.Value));
            Assert.Equal(50.5, result.Server.DecodeTokensPerSecond!.Value, 9);
            Assert.Equal(240, result.Client.Chunks);
            Assert.Equal(12, result.TtftSeconds.Count);
            Assert.Equal(12 * 19, result.ItlSeconds.Count);
            Assert.DoesNotContain(result.Warnings, warning => warning.Contains("failed", StringComparison.Ordinal) || warning.Contains("prompts had", StringComparison.Ordinal));
        }

        // One to calibrate, a warm-up for each of 1 + 4 streams, 2 × 12 counted.
        Assert.Equal(30, server.ChatCount);
        Assert.Equal(30, server.Prompts.Distinct().Count());
        Assert.Equal(29, server.Prompts.Count(prompt => prompt.Split(' ').Length == 95));
    }

    [Fact]
    public async Task The_request_asks_for_exact_lengths_usage_and_no_cache()
    {
        await using FakeChatServer server = new();
        string? last = null;
        server.Chat = (stream, body, _) =>
        {
            last = body.ToString();
            return FakeChatServer.WriteAsync(stream, FakeChatServer.OkHead + FakeChatServer.Chunked(FakeChatServer.Answer(body)));
        };
        await MeasureAsync(Options(server) with { Model = "x\"y", ApiKey = "sk-1", OutputTokens = 7, Requests = 1 });

        Assert.StartsWith("{\"model\":\"x\\u0022y\",\"messages\":[{\"role\":\"user\",\"content\":\"", last, StringComparison.Ordinal);
        Assert.EndsWith("\"max_tokens\":7,\"stream\":true,\"stream_options\":{\"include_usage\":true},\"ignore_eos\":true,\"min_tokens\":7,\"temperature\":0,\"cache_prompt\":false}", last, StringComparison.Ordinal);
        Assert.All(server.Heads, head => Assert.Contains("\r\nAuthorization: Bearer sk-1", head, StringComparison.Ordinal));
        Assert.DoesNotContain(server.Heads, head => head.Contains("Expect:", StringComparison.OrdinalIgnoreCase) || head.Contains("Accept-Encoding", StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("HTTP/1.1 500 X\r\nContent-Length: 5\r\n\r\nwrong", "HTTP 500", "wrong")]
    [InlineData("HTTP/1.1 429 X\r\nRetry-After: 60\r\nContent-Length: 34\r\n\r\n{\"error\":{\"message\":\"slow  down\"}} ", "HTTP 429", "retry after 60: slow down")]
    [InlineData("HTTP/1.1 500 X\r\nContent-Length: 500\r\n\r\n", "HTTP 500", null)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\ndata: {\"choices", "stream ended early", null)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "stream ended early", null)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n<html>\n\n", "not an event stream", null)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\ndata: [DONE]\n\n", "no output", null)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\ndata: \u0007\u0007oops\n\n", "invalid JSON in stream", null)]
    [InlineData("\u0016\u0003\u0001 this is not HTTP\r\n\r\n", "invalid HTTP response", null)]
    [InlineData("", "stream ended early", null)]
    public async Task A_server_that_misbehaves_is_counted_as_what_it_is(string answer, string error, string? detail)
    {
        await using FakeChatServer server = new() { ClosesAfterEachChat = true };
        int calls = 0;
        server.Chat = (stream, body, _) => FakeChatServer.WriteAsync(
            stream,
            Interlocked.Increment(ref calls) == 1 ? FakeChatServer.OkHead + FakeChatServer.Chunked(FakeChatServer.Answer(body)) : answer);
        ThroughputResult result = Assert.Single(await MeasureAsync(Options(server) with { Requests = 3, Warmup = 0 }));

        Assert.Equal((3, 3), (result.Requests, result.Errors));
        Assert.Equal(new Dictionary<string, int> { [error] = 3 }, result.ErrorKinds);
        Assert.Equal(0, result.TtftSeconds.Count);
        Assert.True(detail is null || result.Warnings.Any(warning => warning.EndsWith($"first answer: {error}: {detail}", StringComparison.Ordinal)), string.Join('\n', result.Warnings));
    }

    [Fact]
    public async Task A_reset_in_the_middle_is_a_reset()
    {
        await using FakeChatServer server = new();
        int calls = 0;
        server.Chat = async (stream, body, _) =>
        {
            if (Interlocked.Increment(ref calls) == 1)
            {
                await FakeChatServer.WriteAsync(stream, FakeChatServer.OkHead + FakeChatServer.Chunked(FakeChatServer.Answer(body)));
                return;
            }

            await FakeChatServer.WriteAsync(stream, FakeChatServer.OkHead + "8\r\ndata: {\"\r\n");
            stream.Socket.LingerState = new System.Net.Sockets.LingerOption(enable: true, seconds: 0);
            stream.Socket.Close();
        };
        ThroughputResult result = Assert.Single(await MeasureAsync(Options(server) with { Requests = 2, Warmup = 0 }));
        Assert.Equal(2, result.ErrorKinds["connection reset"]);
    }

    [Fact]
    public async Task A_server_that_stalls_is_a_timeout_and_the_run_ends()
    {
        await using FakeChatServer server = new();
        int calls = 0;
        server.Chat = async (stream, body, stop) =>
        {
            if (Interlocked.Increment(ref calls) == 1)
            {
                await FakeChatServer.WriteAsync(stream, FakeChatServer.OkHead + FakeChatServer.Chunked(FakeChatServer.Answer(body)));
                return;
            }

            await FakeChatServer.WriteAsync(stream, FakeChatServer.OkHead + "8\r\ndata: {\"\r\n");
            await Task.Delay(Timeout.Infinite, stop);
        };
        ThroughputResult result = Assert.Single(await MeasureAsync(Options(server) with { Requests = 2, Concurrency = [2], Warmup = 0, RequestTimeout = TimeSpan.FromMilliseconds(400) }));
        Assert.Equal(2, result.ErrorKinds["timeout"]);
        Assert.InRange(result.DurationSeconds, 0.39, 10);
    }

    [Fact]
    public async Task A_server_that_closes_connections_without_saying_so_costs_no_request()
    {
        await using FakeChatServer server = new() { ClosesAfterEachChat = true };
        ThroughputResult result = Assert.Single(await MeasureAsync(Options(server) with { Concurrency = [8], Requests = 200 }));
        Assert.Equal((200, 0), (result.Requests, result.Errors));
        Assert.Equal(200L * 8, result.OutputTokens);
    }

    [Fact]
    public async Task Cut_anywhere_the_answer_counts_the_same()
    {
        await using FakeChatServer server = new();
        server.Chat = async (stream, body, stop) =>
        {
            await FakeChatServer.WriteAsync(stream, FakeChatServer.OkHead);
            foreach (byte value in Encoding.UTF8.GetBytes(": ping\r\n\r\n" + FakeChatServer.Answer(body)))
            {
                await stream.WriteAsync(new byte[] { (byte)'1', 13, 10, value, 13, 10 }, stop);
            }

            await FakeChatServer.WriteAsync(stream, "0\r\n\r\n");
        };
        ThroughputResult result = Assert.Single(await MeasureAsync(Options(server) with { Requests = 4, Warmup = 0 }));
        Assert.Equal((0, 32L, 32L), (result.Errors, result.OutputTokens, result.Client.Chunks));
    }

    [Fact]
    public async Task Without_a_tokenizer_the_length_comes_from_usage_and_a_warning_says_so()
    {
        await using FakeChatServer server = new() { TokenizeAnswer = FakeChatServer.Plain(404, "{}") };
        ThroughputResult result = Assert.Single(await MeasureAsync(Options(server) with { PromptTokens = 77, Requests = 3 }));
        Assert.Equal(3 * 77, result.PromptTokens);
        Assert.Contains("the server has no /tokenize, so the prompt length was estimated from the usage of two requests", result.Warnings);
    }

    [Fact]
    public async Task Prompts_are_exact_where_words_cost_different_numbers_of_tokens()
    {
        // A word costs 3 tokens or 5, a punctuation mark 1, and the first word of a text one more.
        await using FakeChatServer server = new() { CountTokens = CountUnevenly };
        server.Chat = (stream, body, _) => FakeChatServer.WriteAsync(
            stream,
            FakeChatServer.OkHead + FakeChatServer.Chunked(FakeChatServer.Answer(body, CountUnevenly(FakeChatServer.Prompt(body)) + FakeChatServer.TemplateTokens)));
        ThroughputResult result = Assert.Single(await MeasureAsync(Options(server) with { PromptTokens = 200, Requests = 10 }));
        Assert.Equal(10 * 200, result.PromptTokens);

        static int CountUnevenly(string text) =>
            1 + text.Split(' ').Sum(word => word[0] < 'm' ? 3 : 5) + text.Count(char.IsPunctuation);
    }

    [Fact]
    public async Task No_request_starts_after_the_duration()
    {
        await using FakeChatServer server = new();
        ThroughputResult result = Assert.Single(await MeasureAsync(Options(server) with { Requests = null, Duration = TimeSpan.FromMilliseconds(200), Concurrency = [2] }));
        Assert.True(result.Requests > 2);
        Assert.Equal(0, result.Errors);
        Assert.InRange(result.DurationSeconds, 0.15, 10);
    }

    [Fact]
    public async Task Progress_counts_up_to_the_last_request()
    {
        await using FakeChatServer server = new();
        List<MeasurementProgress> seen = [];
        await MeasureAsync(Options(server) with { Requests = 5, Concurrency = [3] }, new Recorder(seen));
        Assert.Equal([0, 1, 2, 3, 4, 5], seen.Where(progress => progress.Total == 5).Select(progress => progress.Completed));
        Assert.True(seen[^1].OutputTokensPerSecondSoFar > 0);
    }

    [Fact]
    public async Task Nobody_at_the_address_is_one_clear_error()
    {
        FakeChatServer server = new();
        Uri endpoint = server.Endpoint;
        await server.DisposeAsync();
        LlmOpsException error = await Assert.ThrowsAsync<LlmOpsException>(() => MeasureAsync(new MeasurementOptions { UsesSystemClient = usesSystemClient, Endpoint = endpoint, ServerName = "s" }));
        Assert.Equal(("ServerNotReachable", ErrorKind.ServerFailed), (error.ErrorId, error.Kind));
        Assert.Equal($"No server answers at {endpoint.AbsoluteUri.TrimEnd('/')} (connection refused); start it, or check the address.", error.Message);
    }

    [Theory]
    [InlineData(503, "{\"error\":{\"code\":503,\"message\":\"Loading model\"}}", "ServerNotReady", "HTTP 503: Loading model")]
    [InlineData(401, "{\"error\":\"Unauthorized\"}", "ApiKeyRefused", "wants an API key and none was given")]
    public async Task A_server_that_will_not_be_measured_is_an_error_with_the_next_step(int status, string body, string id, string text)
    {
        await using FakeChatServer server = new() { HealthAnswer = FakeChatServer.Plain(status, body) };
        LlmOpsException error = await Assert.ThrowsAsync<LlmOpsException>(() => MeasureAsync(Options(server)));
        Assert.Equal(id, error.ErrorId);
        Assert.Contains(text, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_key_is_noticed_where_only_the_chat_wants_one()
    {
        await using FakeChatServer server = new() { Chat = static (stream, _, _) => FakeChatServer.WriteAsync(stream, FakeChatServer.Plain(401, "{}")) };
        LlmOpsException error = await Assert.ThrowsAsync<LlmOpsException>(() => MeasureAsync(Options(server) with { ApiKey = "sk-secret" }));
        Assert.Equal("ApiKeyRefused", error.ErrorId);
        Assert.DoesNotContain("sk-secret", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Giving_up_closes_every_request_in_flight()
    {
        await using FakeChatServer server = new();
        using CancellationTokenSource giveUp = new();
        int calls = 0;
        int closed = 0;
        TaskCompletionSource allClosed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        server.Chat = async (stream, body, stop) =>
        {
            int call = Interlocked.Increment(ref calls);
            if (call == 1)
            {
                await FakeChatServer.WriteAsync(stream, FakeChatServer.OkHead + FakeChatServer.Chunked(FakeChatServer.Answer(body)));
                return;
            }

            await FakeChatServer.WriteAsync(stream, FakeChatServer.OkHead + "8\r\ndata: {\"\r\n");
            if (call == 4)
            {
                await giveUp.CancelAsync();
            }

            try
            {
                Assert.Equal(0, await stream.ReadAsync(new byte[1], stop));
            }
            catch (IOException)
            {
                // A reset is a close as well.
            }

            if (Interlocked.Increment(ref closed) == 3)
            {
                allClosed.SetResult();
            }
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => MeasureAsync(Options(server) with { Concurrency = [3], Warmup = 0 }, progress: null, giveUp.Token));
        await allClosed.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData(0, 64, "concurrency 0 is not between")]
    [InlineData(1, 0, "output tokens 0 is not positive")]
    public async Task Options_that_make_no_sense_are_refused_before_anything_is_sent(int concurrency, int outputTokens, string text)
    {
        await using FakeChatServer server = new();
        LlmOpsException error = await Assert.ThrowsAsync<LlmOpsException>(() => MeasureAsync(Options(server) with { Concurrency = [concurrency], OutputTokens = outputTokens }));
        Assert.Equal("InvalidMeasurementOption", error.ErrorId);
        Assert.Contains(text, error.Message, StringComparison.Ordinal);
        Assert.Empty(server.Heads);
    }

    private MeasurementOptions Options(FakeChatServer server) =>
        new() { UsesSystemClient = usesSystemClient, Endpoint = new Uri(server.Endpoint, "v1"), ServerName = "fake", PromptTokens = 40, OutputTokens = 8 };

    private static async Task<ThroughputResult[]> MeasureAsync(MeasurementOptions options, IProgress<MeasurementProgress>? progress = null, CancellationToken? cancellationToken = null)
    {
        List<ThroughputResult> results = [];
        await foreach (ThroughputResult result in new ThroughputMeasurement(options).RunAsync(progress, cancellationToken ?? TestContext.Current.CancellationToken))
        {
            results.Add(result);
        }

        return [.. results];
    }

    [Fact]
    public async Task An_answer_that_falls_silent_has_stalled()
    {
        await using FakeChatServer server = new();
        int calls = 0;
        server.Chat = async (stream, body, stop) =>
        {
            if (Interlocked.Increment(ref calls) == 1)
            {
                await FakeChatServer.WriteAsync(stream, FakeChatServer.OkHead + FakeChatServer.Chunked(FakeChatServer.Answer(body)));
                return;
            }

            await FakeChatServer.WriteAsync(stream, FakeChatServer.OkHead + FakeChatServer.ChunkedPart("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n"));
            await Task.Delay(Timeout.Infinite, stop);
        };
        ThroughputResult result = Assert.Single(await MeasureAsync(Options(server) with { Requests = 3, Concurrency = [3], Warmup = 0, StallTimeout = TimeSpan.FromMilliseconds(300) }));
        Assert.Equal(3, result.ErrorKinds["stalled"]);
        Assert.InRange(result.DurationSeconds, 0.29, 20);
    }

    [Fact]
    public async Task A_run_of_a_set_duration_ends_on_time_when_answers_never_begin()
    {
        await using FakeChatServer server = new();
        int calls = 0;
        server.Chat = async (stream, body, stop) =>
        {
            if (Interlocked.Increment(ref calls) == 1)
            {
                await FakeChatServer.WriteAsync(stream, FakeChatServer.OkHead + FakeChatServer.Chunked(FakeChatServer.Answer(body)));
                return;
            }

            await Task.Delay(Timeout.Infinite, stop);
        };
        MeasurementOptions options = Options(server) with { Requests = null, Duration = TimeSpan.FromSeconds(0.3), Grace = TimeSpan.FromSeconds(0.4), Warmup = 0, Concurrency = [3] };
        ThroughputResult result = Assert.Single(await MeasureAsync(options));
        Assert.Equal((3, 3), (result.Requests, result.ErrorKinds["unfinished"]));
        Assert.InRange(result.DurationSeconds, 0.69, 30);
        Assert.Contains(result.Warnings, static warning => warning.Contains("not over 0.4 s after the end of the load point", StringComparison.Ordinal));

        // In an open loop, what waits for a place is not sent any more. Long enough for one to be sent on a machine that stalls.
        calls = 0;
        ThroughputResult open = Assert.Single(await MeasureAsync(options with { Duration = TimeSpan.FromSeconds(1.5), Rate = [20], Arrival = ArrivalProcess.Constant, MaximumInFlight = 1 }));
        Assert.Equal(open.Requests, open.ErrorKinds["unfinished"]);
        Assert.InRange(open.DurationSeconds, 1.79, 30); // It counts from the first request, a gap after the beginning.
        Assert.Equal(2, calls);
    }

    [Fact]
    public async Task Prompts_shorter_than_the_chat_template_are_one_clear_warning()
    {
        await using FakeChatServer server = new();
        ThroughputResult result = Assert.Single(await MeasureAsync(Options(server) with { PromptTokens = 3, Requests = 3 }));
        Assert.Equal(3 * (FakeChatServer.TemplateTokens + 1), result.PromptTokens);
        Assert.Equal([$"prompts have {FakeChatServer.TemplateTokens + 1} tokens, not 3: the shortest has 1, and the chat template adds {FakeChatServer.TemplateTokens}"], result.Warnings.Where(static warning => warning.StartsWith("prompts", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Half_a_character_in_a_chunk_is_output_like_any_other()
    {
        await using FakeChatServer server = new();
        server.Chat = async (stream, body, stop) =>
        {
            await FakeChatServer.WriteAsync(stream, FakeChatServer.OkHead);
            foreach (byte half in "é"u8.ToArray())
            {
                byte[] data = [.. "data: {\"choices\":[{\"delta\":{\"content\":\""u8, half, .. "\"}}]}\n\n"u8];
                await stream.WriteAsync((byte[])[.. Encoding.ASCII.GetBytes($"{data.Length:x}\r\n"), .. data, 13, 10], stop);
            }

            await FakeChatServer.WriteAsync(stream, FakeChatServer.Chunked("data: {\"choices\":[],\"usage\":{\"prompt_tokens\":40,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n"));
        };
        ThroughputResult result = Assert.Single(await MeasureAsync(Options(server) with { Requests = 4, Warmup = 0 }));
        Assert.Equal((0, 8L, 8L), (result.Errors, result.OutputTokens, result.Client.Chunks));
    }

    [Fact]
    public async Task A_connection_that_the_server_keeps_is_used_again()
    {
        await using FakeChatServer server = new();
        await MeasureAsync(Options(server) with { Requests = 40, Concurrency = [2] });
        Assert.InRange(server.ConnectionCount, 1, 6);
    }

    private sealed class Recorder(List<MeasurementProgress> seen) : IProgress<MeasurementProgress>
    {
        public void Report(MeasurementProgress value) => seen.Add(value);
    }
}

public sealed class ThroughputOverEpollTests() : ThroughputMeasurementTests(usesSystemClient: false);

public sealed class ThroughputOverSystemClientTests() : ThroughputMeasurementTests(usesSystemClient: true);
