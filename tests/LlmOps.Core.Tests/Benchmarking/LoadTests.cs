using System.Collections.Concurrent;
using System.Text.Json;
using LlmOps.Benchmarking;
using Xunit;

namespace LlmOps.Tests.Benchmarking;

public sealed class LoadTests
{
    [Fact]
    public async Task Requests_of_a_rate_are_due_at_their_own_times_and_what_they_wait_is_shown_apart()
    {
        await using FakeChatServer server = new();
        ThroughputResult result = await MeasureAsync(Options(server) with { Rate = [500], Arrival = ArrivalProcess.Constant, MaximumInFlight = 1, Requests = 20 });

        Assert.Equal((ArrivalProcess.Constant, 500.0, 1, 20, 0), (result.Arrival, result.RequestRate, result.MaximumInFlight, result.Requests, result.Errors));
        RequestFigures[] byDue = [.. result.Samples.OrderBy(sample => sample.DueSeconds)];
        Assert.All(byDue.Zip(byDue.Skip(1)), pair => Assert.Equal(0.002, pair.Second.DueSeconds - pair.First.DueSeconds, 5));

        // One at a time: none is sent before another has ended, and that waiting is in its latency.
        RequestFigures[] byStart = [.. result.Samples.OrderBy(sample => sample.StartedSeconds)];
        Assert.All(byStart.Zip(byStart.Skip(1)), pair => Assert.True(pair.Second.StartedSeconds >= pair.First.EndedSeconds));
        Assert.All(byDue, sample => Assert.True(sample.TtftSeconds >= sample.StartedSeconds - sample.DueSeconds));
        Assert.Equal(byDue.Max(sample => sample.StartedSeconds - sample.DueSeconds), result.QueueSeconds.Max, 6);
        Assert.Equal(1, result.Concurrency);
    }

    [Fact]
    public async Task A_slow_server_does_not_slow_an_open_loop_down()
    {
        // No request is answered before the last one has come: a closed loop would never end.
        await using FakeChatServer server = new();
        TaskCompletionSource allCame = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int came = 0;
        server.Chat = async (stream, body, stop) =>
        {
            if (body.GetProperty("max_tokens").GetInt32() > 1 && Interlocked.Increment(ref came) == 30)
            {
                allCame.SetResult();
            }

            if (body.GetProperty("max_tokens").GetInt32() > 1)
            {
                await allCame.Task.WaitAsync(stop);
            }

            await FakeChatServer.WriteAsync(stream, FakeChatServer.OkHead + FakeChatServer.Chunked(FakeChatServer.Answer(body)));
        };
        ThroughputResult result = await MeasureAsync(Options(server) with { Rate = [2000], Requests = 30, Warmup = 0 });
        Assert.Equal((30, 0, 30), (result.Requests, result.Errors, result.Concurrency));
    }

    [Fact]
    public async Task Ramp_and_cool_down_are_load_but_not_measurement()
    {
        await using FakeChatServer server = new();
        MeasurementOptions options = Options(server) with { Concurrency = [3], Requests = 12, Warmup = 0, Ramp = TimeSpan.FromMilliseconds(150), CoolDown = TimeSpan.FromSeconds(5) };
        ThroughputResult result = await MeasureAsync(options);

        Assert.Equal((12, 0, 12), (result.Requests, result.Errors, result.Samples.Count));
        Assert.Equal(12 * 8, result.OutputTokens);
        Assert.True(server.ChatCount > 1 + 12, $"{server.ChatCount} requests");
        Assert.True(result.Timeline.Sum(slice => slice.Started) > 12);
    }

    [Fact]
    public async Task What_meets_every_objective_is_goodput()
    {
        await using FakeChatServer server = new();
        int calls = 0;
        server.Chat = (stream, body, _) => FakeChatServer.WriteAsync(
            stream, Interlocked.Increment(ref calls) == 3 ? FakeChatServer.Plain(500, "{}") : FakeChatServer.OkHead + FakeChatServer.Chunked(FakeChatServer.Answer(body)));
        MeasurementOptions options = Options(server) with { Requests = 8, Warmup = 0, Slo = new ServiceLevel { Ttft = TimeSpan.FromHours(1), Tpot = TimeSpan.FromHours(1), Attainment = 0.8 } };
        ThroughputResult easy = await MeasureAsync(options);
        Assert.Equal((0.875, true), (easy.SloAttainment, easy.MeetsSlo));
        Assert.Equal(7 / easy.DurationSeconds, easy.GoodputRequestsPerSecond, 6);
        Assert.Equal(1, easy.Samples.Count(sample => sample.MetSlo == false));

        ThroughputResult hard = await MeasureAsync(options with { Slo = new ServiceLevel { E2e = TimeSpan.FromTicks(1) } });
        Assert.Equal((0.0, false, 0.0), (hard.SloAttainment, hard.MeetsSlo, hard.GoodputRequestsPerSecond));
        Assert.Equal(8 / hard.DurationSeconds, hard.RequestsPerSecond, 6);
    }

    [Fact]
    public async Task A_search_measures_loads_until_it_knows_and_marks_the_one_it_found()
    {
        // From the fourth request in flight on, requests fail.
        await using FakeChatServer server = new();
        int inFlight = 0;
        server.Chat = async (stream, body, stop) =>
        {
            bool isTooMany = Interlocked.Increment(ref inFlight) > 3;
            try
            {
                await FakeChatServer.WriteAsync(stream, isTooMany ? FakeChatServer.Plain(503, "{}") : FakeChatServer.OkHead);
                if (!isTooMany)
                {
                    // Long enough for the others to be in flight at the same time.
                    await Task.Delay(20, stop);
                    await FakeChatServer.WriteAsync(stream, FakeChatServer.Chunked(FakeChatServer.Answer(body)));
                }
            }
            finally
            {
                Interlocked.Decrement(ref inFlight);
            }
        };
        List<ThroughputResult> results = await MeasureAllAsync(Options(server) with { Search = LoadSearch.Slo, Slo = new ServiceLevel { E2e = TimeSpan.FromHours(1), Attainment = 0.9 }, Warmup = 0 });
        Assert.Equal(LoadVerdict.HighestWithinSlo, Assert.Single(results, result => result.Verdict is not null).Verdict);
        Assert.InRange(Assert.Single(results, result => result.Verdict is not null).Concurrency, 2, 3);
        Assert.Contains(results, result => result.Concurrency == 4 && result.MeetsSlo == false);
        Assert.Equal(results.Select(result => result.Concurrency).Order(), results.Select(result => result.Concurrency));
    }

    [Fact]
    public async Task A_conversation_sends_what_was_said_before()
    {
        await using FakeChatServer server = new();
        ConcurrentQueue<string> bodies = new();
        server.Chat = (stream, body, _) =>
        {
            bodies.Enqueue(body.GetProperty("messages").ToString());
            return FakeChatServer.WriteAsync(stream, FakeChatServer.OkHead + FakeChatServer.Chunked(FakeChatServer.Answer(body)));
        };
        ThroughputResult result = await MeasureAsync(Options(server) with { Turns = 3, Requests = 6, OutputTokens = 2, Warmup = 0 });
        Assert.Equal([1, 2, 3, 1, 2, 3], result.Samples.Select(sample => sample.Turn));

        string[] sent = [.. bodies.Skip(1)];
        string[][] roles = [.. sent.Select(text => JsonDocument.Parse(text).RootElement.EnumerateArray().Select(message => message.GetProperty("role").GetString()!).ToArray())];
        Assert.Equal(["user"], roles[0]);
        Assert.Equal(["user", "assistant", "user", "assistant", "user"], roles[2]);
        JsonElement third = JsonDocument.Parse(sent[2]).RootElement;
        Assert.Equal(" é é", third[1].GetProperty("content").GetString());
        Assert.Equal(JsonDocument.Parse(sent[0]).RootElement[0].ToString(), third[0].ToString());
        Assert.NotEqual(third[0].ToString(), JsonDocument.Parse(sent[3]).RootElement[0].ToString());
    }

    [Fact]
    public async Task Plain_completions_tool_calls_and_natural_ends_are_asked_for_as_the_protocol_has_them()
    {
        await using FakeChatServer server = new();
        JsonElement last = default;
        server.Chat = (stream, body, _) =>
        {
            last = body.Clone();
            return FakeChatServer.WriteAsync(stream, FakeChatServer.OkHead + FakeChatServer.Chunked(FakeChatServer.Answer(body).Replace("{\"content\":\" é\"}", "{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"x\"}}]}", StringComparison.Ordinal)));
        };
        ThroughputResult tools = await MeasureAsync(Options(server) with { ToolCalls = true, Requests = 2 });
        Assert.Equal(("required", "note"), (last.GetProperty("tool_choice").GetString(), last.GetProperty("tools")[0].GetProperty("function").GetProperty("name").GetString()));
        Assert.Equal((0, 16L), (tools.Errors, tools.Client.Chunks));

        ThroughputResult plain = await MeasureAsync(Options(server) with { Api = CompletionApi.Completions, IgnoreEndOfText = false, CountTokensPerChunk = true, Requests = 2, Warmup = 0 });
        Assert.Contains(server.Heads, head => head.StartsWith("POST /v1/completions ", StringComparison.Ordinal));
        Assert.Equal(JsonValueKind.String, last.GetProperty("prompt").ValueKind);
        Assert.False(last.TryGetProperty("ignore_eos", out _) || last.TryGetProperty("min_tokens", out _) || last.TryGetProperty("messages", out _));
        Assert.True(last.GetProperty("timings_per_token").GetBoolean() && last.GetProperty("stream_options").GetProperty("continuous_usage_stats").GetBoolean());
        Assert.Equal((CompletionApi.Completions, 2), (plain.Api, plain.Requests));
    }

    [Fact]
    public async Task Every_prompt_has_the_exact_length_where_words_merge_with_each_other_and_with_the_template()
    {
        // Two words that begin alike are one token less, here and there, and so is the first word after the template's.
        await using FakeChatServer server = new() { CountTokens = CountMerging, Template = text => $"talk user {text} end" };
        ConcurrentQueue<int> lengths = new();
        server.Chat = (stream, body, _) =>
        {
            int tokens = CountMerging($"talk user {FakeChatServer.Prompt(body)} end");
            if (body.GetProperty("max_tokens").GetInt32() > 1)
            {
                lengths.Enqueue(tokens);
            }

            return FakeChatServer.WriteAsync(stream, FakeChatServer.OkHead + FakeChatServer.Chunked(FakeChatServer.Answer(body, tokens)));
        };
        ThroughputResult result = await MeasureAsync(Options(server) with { PromptTokens = 60, Requests = 40, Concurrency = [4] });
        Assert.Equal([60], lengths.Distinct());
        Assert.Equal(40 * 60, result.PromptTokens);
        Assert.Equal(server.Prompts.Count, server.Prompts.Distinct().Count());

        static int CountMerging(string text)
        {
            string[] words = text.Split(' ');
            return words.Length - words.Zip(words.Skip(1)).Count(pair => pair.First.Length > 0 && pair.Second.Length > 0 && pair.First[0] == pair.Second[0]) + text.Count(char.IsPunctuation);
        }
    }

    [Fact]
    public async Task A_shared_beginning_is_the_same_in_all_prompts_and_the_rest_in_none()
    {
        await using FakeChatServer server = new();
        bool? mayCache = null;
        server.Chat = (stream, body, _) =>
        {
            mayCache = body.GetProperty("cache_prompt").GetBoolean();
            return FakeChatServer.WriteAsync(stream, FakeChatServer.OkHead + FakeChatServer.Chunked(FakeChatServer.Answer(body)));
        };
        ThroughputResult result = await MeasureAsync(Options(server) with { PromptTokens = 50, SharedPrefixTokens = 30, Requests = 10 });
        Assert.Equal((500L, 30, true), (result.PromptTokens, result.SharedPrefixTokens, mayCache));
        string[][] prompts = [.. server.Prompts.Skip(1).Select(prompt => prompt.Split(' '))];
        Assert.Single(prompts.Select(words => string.Join(' ', words[..30])).Distinct());
        Assert.Equal(prompts.Length, prompts.Select(words => string.Join(' ', words[30..])).Distinct().Count());
    }

    [Fact]
    public async Task A_seed_makes_the_same_prompts_in_every_run()
    {
        string[][] runs = new string[2][];
        for (int run = 0; run < 2; run++)
        {
            await using FakeChatServer server = new();
            await MeasureAsync(Options(server) with { Seed = 5, Requests = 6 });
            runs[run] = [.. server.Prompts];
        }

        Assert.Equal(runs[0], runs[1]);
    }

    [Fact]
    public async Task A_server_that_refuses_for_a_minute_does_not_make_the_run_wait()
    {
        await using FakeChatServer server = new();
        server.Chat = (stream, body, _) => FakeChatServer.WriteAsync(
            stream,
            body.GetProperty("max_tokens").GetInt32() == 1
                ? FakeChatServer.OkHead + FakeChatServer.Chunked(FakeChatServer.Answer(body))
                : "HTTP/1.1 429 X\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n");
        ThroughputResult result = await MeasureAsync(Options(server) with { Requests = null, Duration = TimeSpan.FromMilliseconds(300), Concurrency = [2], Warmup = 0 });
        Assert.Equal(result.Requests, result.ErrorKinds["HTTP 429"]);
        Assert.InRange(result.Requests, 2, 12);
        Assert.InRange(result.DurationSeconds, 0, 20);
    }

    private static MeasurementOptions Options(FakeChatServer server) =>
        new() { Endpoint = server.Endpoint, ServerName = "fake", PromptTokens = 40, OutputTokens = 8 };

    private static async Task<ThroughputResult> MeasureAsync(MeasurementOptions options) => Assert.Single(await MeasureAllAsync(options));

    private static async Task<List<ThroughputResult>> MeasureAllAsync(MeasurementOptions options)
    {
        List<ThroughputResult> results = [];
        await foreach (ThroughputResult result in new ThroughputMeasurement(options).RunAsync(null, TestContext.Current.CancellationToken))
        {
            results.Add(result);
        }

        return results;
    }
}
