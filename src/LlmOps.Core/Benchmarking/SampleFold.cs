namespace LlmOps.Benchmarking;

/// <summary>Folds the samples of one load point into its result. Definitions: see <see cref="ThroughputResult"/>.</summary>
internal sealed class SampleFold(MeasurementOptions options, LoadPoint point)
{
    private readonly List<double> _ttft = [];
    private readonly List<double> _tpot = [];
    private readonly List<double> _itl = [];
    private readonly List<double> _endToEnd = [];
    private readonly List<double> _startDelay = [];
    private readonly SortedDictionary<string, int> _errorKinds = new(StringComparer.Ordinal);
    private readonly TimingsFold _timings = new();
    private int _errors;
    private int _withoutUsage;
    private double _decodeRates;
    private int _decodeRateCount;
    private long _promptTokens;
    private long _outputTokens;
    private long _cachedTokens;
    private long _chunks;
    private long _firstDue = long.MaxValue;
    private long _lastEnd = long.MinValue;
    private string? _errorExample;

    /// <param name="samples">All requests of the point.</param>
    /// <param name="processorSeconds">What this process spent meanwhile.</param>
    /// <param name="calibrationWarning">What is uncertain about the prompts.</param>
    public ThroughputResult Fold(IReadOnlyList<RequestSample> samples, double processorSeconds, string? calibrationWarning)
    {
        foreach (RequestSample sample in samples)
        {
            Add(sample);
        }

        double duration = samples.Count == 0 ? 0 : MonotonicClock.Seconds(_firstDue, _lastEnd);
        int successes = samples.Count - _errors;
        _startDelay.Sort();
        ThroughputResult result = new()
        {
            ServerName = options.ServerName,
            Endpoint = options.Endpoint.AbsoluteUri,
            Model = point.Model,
            Concurrency = point.Concurrency,
            RequestedPromptTokens = options.PromptTokens,
            RequestedOutputTokens = options.OutputTokens,
            Requests = samples.Count,
            Errors = _errors,
            ErrorKinds = _errorKinds,
            PromptTokens = _promptTokens,
            OutputTokens = _outputTokens,
            CachedPromptTokens = _cachedTokens,
            DurationSeconds = duration,
            OutputTokensPerSecond = PerSecond(_outputTokens, duration),
            TotalTokensPerSecond = PerSecond(_promptTokens + _outputTokens, duration),
            GoodputRequestsPerSecond = PerSecond(successes, duration),
            DecodeTokensPerSecond = _decodeRateCount == 0 ? 0 : _decodeRates / _decodeRateCount,
            TtftSeconds = LatencyStatistics.Summarize(_ttft),
            TpotSeconds = LatencyStatistics.Summarize(_tpot),
            ItlSeconds = LatencyStatistics.Summarize(_itl),
            E2eSeconds = LatencyStatistics.Summarize(_endToEnd),
            Server = _timings.ToFigures(),
            Client = new ClientSideFigures
            {
                CpuShare = PerSecond(processorSeconds, duration),
                Chunks = _chunks,
                CpuMicrosecondsPerToken = _outputTokens == 0 ? 0 : processorSeconds * 1e6 / _outputTokens,
                StartDelaySecondsP99 = _startDelay.Count == 0 ? 0 : LatencyStatistics.Percentile(_startDelay, 0.99),
            },
            Samples = [.. samples.Select(sample => RequestFigures.Of(sample, _firstDue))],
            MeasuredAt = TimeProvider.System.GetUtcNow(),
        };
        return result with { Warnings = ResultWarnings.Of(result, _withoutUsage, _errorExample, calibrationWarning) };
    }

    private static double PerSecond(double amount, double seconds) => seconds > 0 ? amount / seconds : 0;

    private void Add(RequestSample sample)
    {
        _firstDue = Math.Min(_firstDue, sample.ScheduledAt);
        _lastEnd = Math.Max(_lastEnd, sample.EndedAt);
        _startDelay.Add(MonotonicClock.Seconds(sample.ScheduledAt, sample.StartedAt));
        if (sample.Error is string error)
        {
            _errors++;
            _errorKinds[error] = _errorKinds.GetValueOrDefault(error) + 1;
            _errorExample ??= sample.ErrorDetail is null ? null : $"{error}: {sample.ErrorDetail}";
            return;
        }

        _promptTokens += sample.Usage?.PromptTokens ?? 0;
        _outputTokens += sample.OutputTokens;
        _cachedTokens += sample.CachedTokens;
        _chunks += sample.ChunkTimes.Length;
        _withoutUsage += sample.Usage is null ? 1 : 0;
        _timings.Add(sample.Timings);
        AddLatencies(sample);
    }

    private void AddLatencies(RequestSample sample)
    {
        ReadOnlySpan<long> times = sample.ChunkTimes.Span;
        if (times.Length == 0)
        {
            // All its tokens had no text: it generated, but nothing can be timed.
            return;
        }

        double ttft = MonotonicClock.Seconds(sample.ScheduledAt, times[0]);
        double endToEnd = MonotonicClock.Seconds(sample.ScheduledAt, times[^1]);
        _ttft.Add(ttft);
        _endToEnd.Add(endToEnd);
        if (sample.OutputTokens > 1)
        {
            _tpot.Add((endToEnd - ttft) / (sample.OutputTokens - 1));
        }

        // An answer that came in one piece has no rate.
        if (sample.OutputTokens > 1 && endToEnd > ttft)
        {
            _decodeRates += (sample.OutputTokens - 1) / (endToEnd - ttft);
            _decodeRateCount++;
        }

        for (int index = 1; index < times.Length; index++)
        {
            _itl.Add(MonotonicClock.Seconds(times[index - 1], times[index]));
        }
    }
}
