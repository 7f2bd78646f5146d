using System.Diagnostics;
using System.Text.Json;

namespace LlmOps.Benchmarking.SelfCheck;

/// <summary>Compares what the client saw with what the server says it did.</summary>
internal sealed class SelfCheckFold
{
    private readonly List<double> _errors = [];
    private readonly List<double> _lateness = [];
    private readonly List<double> _ttftErrors = [];
    private double _scheduledTtft;
    private double _measuredTtft;
    private long _first = long.MaxValue;
    private long _last;
    private int _failed;
    private long _promptTokens;
    private long _outputTokens;

    /// <param name="sample">One request.</param>
    /// <param name="stream">The server's account of it; null when it has none.</param>
    public void Add(RequestSample sample, JsonElement? stream)
    {
        _first = Math.Min(_first, sample.ScheduledAt);
        _last = Math.Max(_last, sample.EndedAt);
        if (sample.Error is not null || stream is not JsonElement account || account.GetProperty("sent").GetArrayLength() != sample.ChunkTimes.Length)
        {
            _failed++;
            return;
        }

        _promptTokens += sample.Usage?.PromptTokens ?? 0;
        _outputTokens += sample.OutputTokens;
        ReadOnlySpan<long> times = sample.ChunkTimes.Span;
        long received = account.GetProperty("receivedAt").GetInt64();
        long firstDue = account.GetProperty("firstDue").GetInt64();
        long interval = account.GetProperty("interval").GetInt64();
        int index = 0;
        double firstLateness = 0;
        foreach (JsonElement moment in account.GetProperty("sent").EnumerateArray())
        {
            long sent = moment.GetInt64();
            double lateness = (sent - firstDue - (index * interval)) * 1e-9;
            firstLateness = index == 0 ? lateness : firstLateness;
            _lateness.Add(lateness);
            _errors.Add(Math.Abs((ToNanoseconds(times[index]) - sent) * 1e-9));
            index++;
        }

        double scheduled = (firstDue - received) * 1e-9;
        double measured = MonotonicClock.Seconds(sample.ScheduledAt, times[0]);
        _scheduledTtft += scheduled;
        _measuredTtft += measured;
        _ttftErrors.Add(Math.Abs(measured - scheduled - firstLateness));
    }

    public SelfCheckResult ToResult(SelfCheckOptions options, double processorSeconds)
    {
        int good = Math.Max(1, _ttftErrors.Count);
        return new SelfCheckResult
        {
            Streams = options.Streams,
            TokensPerSecondPerStream = options.TokensPerSecond,
            PromptTokens = options.PromptTokens,
            Errors = _failed,
            ClientOutputTokens = _outputTokens,
            ClientPromptTokens = _promptTokens,
            ScheduledTtftSeconds = _scheduledTtft / good,
            MeasuredTtftSeconds = _measuredTtft / good,
            CpuMicrosecondsPerToken = _outputTokens == 0 ? 0 : processorSeconds * 1e6 / _outputTokens,
            CpuShare = processorSeconds / Math.Max(1e-9, MonotonicClock.Seconds(_first, _last)),
            TimingErrorSeconds = LatencyStatistics.Summarize(_errors),
            ServerLatenessSeconds = LatencyStatistics.Summarize(_lateness),
            TtftErrorSeconds = LatencyStatistics.Summarize(_ttftErrors),
        };
    }

    private static double ToNanoseconds(long ticks) => ticks * (1e9 / Stopwatch.Frequency);
}
