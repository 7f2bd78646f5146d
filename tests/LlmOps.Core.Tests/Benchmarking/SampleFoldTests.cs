using System.Diagnostics;
using System.Text;
using LlmOps.Benchmarking;
using Xunit;

namespace LlmOps.Tests.Benchmarking;

public sealed class SampleFoldTests
{
    [Fact]
    public void Latencies_follow_from_the_moments_at_which_bytes_arrived()
    {
        // Due at 1000 ms, sent at 1002; a role-only chunk at 1050 is no token; the usage chunk at 1900 ends no latency.
        RequestSample sample = Record(
            due: 1000,
            sent: 1002,
            ended: 1950,
            (1050, Delta("\"role\":\"assistant\",\"content\":null")),
            (1200, Delta("\"reasoning_content\":\"hm\"")),
            (1300, Delta("\"content\":\"a\"") + Delta("\"content\":\"b\"")),
            (1600, Delta("\"content\":\"c\"")),
            (1900, "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":5}}\n\ndata: [DONE]\n\n"));
        ThroughputResult result = Fold(sample);

        Assert.Equal(0.200, result.TtftSeconds.Mean, 9);
        Assert.Equal(0.600, result.E2eSeconds.Mean, 9);
        Assert.Equal(0.100, result.TpotSeconds.Mean, 9);
        Assert.Equal(10.0, result.DecodeTokensPerSecond, 6);
        Assert.Equal(3, result.ItlSeconds.Count);
        Assert.Equal(0.0, result.ItlSeconds.Min, 9);
        Assert.Equal(0.3, result.ItlSeconds.Max, 9);
        Assert.Equal(0.9, result.DurationSeconds, 9);
        Assert.Equal(5 / 0.9, result.OutputTokensPerSecond, 6);
        Assert.Equal(15 / 0.9, result.TotalTokensPerSecond, 6);
        Assert.Equal(0.002, result.Client.StartDelaySecondsP99, 9);
        Assert.Equal(4, result.Client.Chunks);

        RequestFigures request = Assert.Single(result.Samples);
        Assert.Equal((0.0, 10L, 5L, 4, (string?)null), (request.DueSeconds, request.PromptTokens, request.OutputTokens, request.Chunks, request.Error));
        Assert.Equal(0.002, request.StartedSeconds, 9);
        Assert.Equal((0.2, 0.1, 0.6), (Math.Round(request.TtftSeconds!.Value, 9), Math.Round(request.TpotSeconds!.Value, 9), Math.Round(request.E2eSeconds!.Value, 9)));
    }

    [Fact]
    public void An_answer_in_one_piece_has_no_pace_and_is_counted()
    {
        RequestSample inOnePiece = Record(0, 0, 100, (40, Delta("\"content\":\"a\"") + Delta("\"content\":\"b\"") + Delta("\"content\":\"c\"")), (100, Usage(3, 3) + "data: [DONE]\n\n"));
        RequestSample inTwo = Record(0, 0, 100, (40, Delta("\"content\":\"a\"")), (60, Delta("\"content\":\"b\"")), (100, Usage(3, 2) + "data: [DONE]\n\n"));
        ThroughputResult result = Fold(inOnePiece, inTwo);

        Assert.Equal((1, 0.02), (result.TpotSeconds.Count, Math.Round(result.TpotSeconds.Min, 9)));
        Assert.Equal([null, 0.02], result.Samples.Select(request => request.TpotSeconds is { } tpot ? Math.Round(tpot, 9) : (double?)null));
        Assert.Equal((1, 2L, 2), (result.Client.AnswersInOnePiece, result.Client.JoinedChunks, result.Samples[0].JoinedChunks));
        Assert.Contains("1 of 2 answers of several tokens arrived in one piece; they have neither TPOT nor decode rate", result.Warnings);
        Assert.Contains(result.Warnings, warning => warning.StartsWith("67 % of the chunks after the first arrived together with the one before", StringComparison.Ordinal));
    }

    [Fact]
    public void Chunks_that_arrived_together_share_the_time_since_the_arrival_before()
    {
        // The first two are the first token's arrival; 90 ms later two more arrive together.
        string two = Delta("\"content\":\"a\"") + Delta("\"content\":\"b\"");
        ThroughputResult result = Fold(Record(0, 0, 300, (100, two), (190, two), (250, Delta("\"content\":\"e\"")), (300, Usage(3, 5) + "data: [DONE]\n\n")));

        Assert.Equal((4, 0.0, 0.09), (result.ItlSeconds.Count, result.ItlSeconds.Min, Math.Round(result.ItlSeconds.Max, 9)));
        Assert.Equal((3, 0.045, 0.06, 0.05), (result.ItlPerTokenSeconds.Count, Math.Round(result.ItlPerTokenSeconds.Min, 9), Math.Round(result.ItlPerTokenSeconds.Max, 9), Math.Round(result.ItlPerTokenSeconds.Mean, 9)));
        Assert.Equal((0.15 / 4, 0), (Math.Round(result.TpotSeconds.Mean, 9), result.Client.AnswersInOnePiece));
    }

    [Fact]
    public void A_failed_request_is_counted_and_is_in_no_latency()
    {
        RequestSample good = Record(0, 0, 100, (40, Delta("\"content\":\"a\"")), (100, Usage(3, 1) + "data: [DONE]\n\n"));
        RequestSample bad = Record(0, 0, 90_000, (80_000, Delta("\"content\":\"a\"")));
        ThroughputResult result = Fold(good, bad);

        Assert.Equal((2, 1), (result.Requests, result.Errors));
        Assert.Equal(1, result.ErrorKinds["stream ended early"]);
        Assert.Equal(1, result.TtftSeconds.Count);
        Assert.Equal(0.04, result.TtftSeconds.Max, 9);
        Assert.Equal(1, result.OutputTokens);
        Assert.Equal(("stream ended early", (double?)null, 90.0), (result.Samples[1].Error, result.Samples[1].TtftSeconds, Math.Round(result.Samples[1].EndedSeconds, 9)));
        Assert.Contains("only 1 request succeeded; percentiles need more", result.Warnings);
        Assert.Contains(result.Warnings, warning => warning.Contains("1 of 2 requests failed (stream ended early × 1)", StringComparison.Ordinal));
    }

    [Fact]
    public void Without_usage_chunks_are_counted_and_a_warning_says_so()
    {
        ThroughputResult result = Fold(Record(0, 0, 100, (40, Delta("\"content\":\"a\"") + Delta("\"content\":\"b\"")), (100, "data: [DONE]\n\n")));
        Assert.Equal((0L, 2L), (result.PromptTokens, result.OutputTokens));
        Assert.Contains("1 responses had no usage; their chunks were counted as tokens", result.Warnings);
    }

    [Fact]
    public void Tokens_from_the_servers_cache_are_reported()
    {
        ThroughputResult result = Fold(Record(0, 0, 9, (4, Delta("\"content\":\"a\"")), (9, "data: {\"usage\":{\"prompt_tokens\":8,\"completion_tokens\":1},\"timings\":{\"cache_n\":6}}\n\ndata: [DONE]\n\n")));
        Assert.Equal(6, result.CachedPromptTokens);
        Assert.Contains("6 of 8 prompt tokens came from the server's cache, so TTFT is too good", result.Warnings);
    }

    [Theory]
    [InlineData("data: {\"error\":{\"code\":500,\"message\":\"the slot died\"}}\n\n", "error 500 in stream", "the slot died")]
    [InlineData("error: {\"code\":503,\"message\":\"old form\"}\n\n", "error 503 in stream", "old form")]
    [InlineData("data: {\"error\":{\"message\":\"bad\"}}\n\ndata: [DONE]\n\n", "error in stream", "bad")]
    [InlineData("data: \u0001garbage\n\n", "invalid JSON in stream", null)]
    public void What_goes_wrong_in_the_stream_is_named(string text, string error, string? detail)
    {
        RequestSample sample = Record(0, 0, 9, (4, Delta("\"content\":\"a\"")), (5, text));
        Assert.Equal(error, sample.Error);
        Assert.True(detail is null || sample.ErrorDetail == detail);
    }

    [Fact]
    public void A_stream_that_finished_without_DONE_is_a_success() =>
        Assert.Null(Record(0, 0, 9, (4, Delta("\"content\":\"a\"")), (9, "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n")).Error);

    private static string Delta(string fields) => $"data: {{\"choices\":[{{\"index\":0,\"delta\":{{{fields}}}}}]}}\n\n";

    private static string Usage(int prompt, int output) => $"data: {{\"choices\":[],\"usage\":{{\"prompt_tokens\":{prompt},\"completion_tokens\":{output}}}}}\n\n";

    private static long Ticks(int milliseconds) => milliseconds * (Stopwatch.Frequency / 1000);

    private static RequestSample Record(int due, int sent, int ended, params (int At, string Text)[] reads)
    {
        StreamRecorder recorder = new(expectedChunks: 1);
        using SseReader reader = new();
        foreach ((int at, string text) in reads)
        {
            reader.Append(Encoding.UTF8.GetBytes(text), Ticks(at));
            while (reader.TryRead(out SseEvent sseEvent))
            {
                recorder.Accept(sseEvent);
            }
        }

        return recorder.ToSample(Ticks(due), Ticks(sent), Ticks(ended), reader.SawForeignLine);
    }

    private static ThroughputResult Fold(params RequestSample[] samples)
    {
        MeasurementOptions options = new() { Endpoint = new Uri("http://127.0.0.1:1"), ServerName = "s" };
        LoadPoint point = new() { Model = "m", Prompts = new SyntheticPrompts(new WordPrompt(WordList.Common, 1), seed: 1), Concurrency = 1, OutputTokens = 4, RequestLimit = 1, RequestTimeout = TimeSpan.FromSeconds(1) };
        return new SampleFold(options, point).Fold(samples, processorSeconds: 0.001, calibrationWarning: null);
    }
}
