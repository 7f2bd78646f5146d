using System.Globalization;
using System.Text;
using LlmOps.Benchmarking;
using Xunit;

namespace LlmOps.Tests.Benchmarking;

public sealed class DecodeRateTests
{
    // 1,024 tokens, 10 ms apart: 1,023 intervals, whatever the server divides its count by.
    [Theory]
    [InlineData(1024, 10_230, 100.0978, 100)] // b6000: n / time
    [InlineData(1024, 10_230, 100, 100)]      // 0.7.0: (n - 1) / time
    [InlineData(2, 10, 200, 100)]
    [InlineData(1, 0.001, 1_000_000, 0)]
    public void The_servers_rate_counts_the_intervals_between_its_tokens(int count, double milliseconds, double said, double expected) =>
        Assert.Equal(expected, Timings(count, milliseconds, said).DecodeTokensPerSecond, 6);

    [Fact]
    public void A_server_that_tells_only_its_rate_is_taken_at_its_word()
    {
        ServerTimings timings = ChatChunkReader.Read("{\"choices\":[],\"timings\":{\"predicted_n\":64,\"predicted_per_second\":50.5}}"u8).Timings!.Value;
        Assert.Equal(50.5, timings.DecodeTokensPerSecond);
    }

    [Fact]
    public void Client_and_server_have_the_same_rate_when_they_saw_the_same_tokens()
    {
        long tick = MonotonicClock.Ticks(TimeSpan.FromMilliseconds(10));
        RequestSample sample = new()
        {
            ScheduledAt = 0,
            StartedAt = 0,
            EndedAt = 1123 * tick,
            ChunkTimes = Enumerable.Range(100, 1024).Select(index => index * tick).ToArray(),
            Usage = new TokenUsage { PromptTokens = 64, OutputTokens = 1024 },
            Timings = Timings(1024, 10_230, 100.0978),
        };
        MeasurementOptions options = new() { Endpoint = new Uri("http://localhost"), ServerName = "s" };
        LoadPoint point = new() { Model = "m", Prompts = new SyntheticPrompts(new WordPrompt(WordList.Common, 1), 1), OutputTokens = 1024, RequestLimit = 1, RequestTimeout = TimeSpan.FromMinutes(1) };
        ThroughputResult result = new SampleFold(options, point).Fold([sample], 0, null);
        Assert.Equal(100, result.DecodeTokensPerSecond, 6);
        Assert.Equal(100, result.Server.DecodeTokensPerSecond!.Value, 6);
        Assert.Equal(100, result.Samples[0].ServerDecodeTokensPerSecond!.Value, 6);
    }

    private static ServerTimings Timings(int count, double milliseconds, double said) => ChatChunkReader.Read(Encoding.UTF8.GetBytes(string.Create(
        CultureInfo.InvariantCulture,
        $"{{\"choices\":[],\"timings\":{{\"predicted_n\":{count},\"predicted_ms\":{milliseconds},\"predicted_per_second\":{said}}}}}"))).Timings!.Value;
}
