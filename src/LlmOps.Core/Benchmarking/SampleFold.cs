namespace LlmOps.Benchmarking;

/// <summary>Folds the samples of one load point into its result. Definitions: see <see cref="ThroughputResult"/>.</summary>
internal sealed class SampleFold(MeasurementOptions options, LoadPoint point, string transport = "")
{
    private readonly List<double> _ttft = [];
    private readonly List<double> _tpot = [];
    private readonly List<double> _itl = [];
    private readonly List<double> _itlPerToken = [];
    private readonly List<(int Count, double Sum)> _itlByRequest = [];
    private readonly List<(int Count, double Sum)> _itlPerTokenByRequest = [];
    private readonly List<RequestFigures> _figures = [];
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
    private long _joinedChunks;
    private int _inOnePiece;
    private double _inService;
    private int _met;
    private bool _countedPerChunk = true;
    private long _firstDue = long.MaxValue;
    private long _lastEnd = long.MinValue;
    private string? _errorExample;

    /// <param name="samples">All requests of the point.</param>
    /// <param name="processorSeconds">What this process spent meanwhile.</param>
    /// <param name="calibrationWarning">What is uncertain about the prompts.</param>
    public ThroughputResult Fold(IReadOnlyList<RequestSample> samples, double processorSeconds, string? calibrationWarning)
    {
        // Requests of the ramp and of the cool-down are load, not measurement.
        foreach (RequestSample sample in samples)
        {
            _firstDue = sample.IsCounted ? Math.Min(_firstDue, sample.ScheduledAt) : _firstDue;
        }

        foreach (RequestSample sample in samples)
        {
            if (sample.IsCounted)
            {
                Add(sample);
            }
        }

        int requests = _figures.Count;
        IReadOnlyList<TimelineSlice> timeline = TimelineFold.Of(samples);
        double duration = requests == 0 ? 0 : MonotonicClock.Seconds(_firstDue, _lastEnd);
        int successes = requests - _errors;
        _startDelay.Sort();
        ThroughputResult result = new()
        {
            ServerName = options.ServerName,
            Endpoint = options.Endpoint.AbsoluteUri,
            Model = point.Model,
            Arrival = point.Arrival,
            Concurrency = point.Rate is null ? point.Concurrency : MostInFlight(),
            RequestRate = point.Rate,
            Burstiness = point.Arrival == ArrivalProcess.Gamma ? point.Burstiness : null,
            MaximumInFlight = point.MaximumInFlight,
            Api = point.Api,
            PromptKind = point.Prompts.Kind,
            SharedPrefixTokens = options.SharedPrefixTokens,
            RequestedPromptTokens = options.PromptFile is null ? options.PromptTokens : 0,
            RequestedOutputTokens = options.OutputTokens,
            Requests = requests,
            Errors = _errors,
            ErrorKinds = _errorKinds,
            PromptTokens = _promptTokens,
            OutputTokens = _outputTokens,
            CachedPromptTokens = _cachedTokens,
            DurationSeconds = duration,
            OutputTokensPerSecond = PerSecond(_outputTokens, duration),
            TotalTokensPerSecond = PerSecond(_promptTokens + _outputTokens, duration),
            OutputTokensPerSecondInterval = RateInterval(TimelineFold.Of([.. samples.Where(static sample => sample is { IsCounted: true, Error: null })])),
            RequestsPerSecond = PerSecond(successes, duration),
            MeanInFlight = PerSecond(_inService, duration),
            QueueSeconds = LatencyStatistics.Summarize([.. _startDelay]),
            GoodputRequestsPerSecond = PerSecond(options.Slo is null ? successes : _met, duration),
            Slo = options.Slo,
            SloAttainment = options.Slo is null || requests == 0 ? null : (double)_met / requests,
            MeetsSlo = options.Slo is null || requests == 0 ? null : (double)_met / requests >= options.Slo.Attainment,
            DecodeTokensPerSecond = _decodeRateCount == 0 ? 0 : _decodeRates / _decodeRateCount,
            TtftSeconds = LatencyStatistics.Summarize(_ttft),
            TpotSeconds = LatencyStatistics.Summarize(_tpot),
            ItlSeconds = LatencyStatistics.SummarizeParts(_itl, _itlByRequest),
            ItlPerTokenSeconds = LatencyStatistics.SummarizeParts(_itlPerToken, _itlPerTokenByRequest),
            TokensPerChunkCounted = options.CountTokensPerChunk && _countedPerChunk && successes > 0,
            E2eSeconds = LatencyStatistics.Summarize(_endToEnd),
            Server = _timings.ToFigures(),
            Client = new ClientSideFigures
            {
                CpuShare = PerSecond(processorSeconds, duration),
                Chunks = _chunks,
                JoinedChunks = _joinedChunks,
                AnswersInOnePiece = _inOnePiece,
                CpuMicrosecondsPerToken = _outputTokens == 0 ? 0 : processorSeconds * 1e6 / _outputTokens,
                Transport = transport,
                StartDelaySecondsP99 = _startDelay.Count == 0 ? 0 : LatencyStatistics.Percentile(_startDelay, 0.99),
            },
            Samples = _figures,
            Timeline = timeline,
            MeasuredAt = TimeProvider.System.GetUtcNow(),
        };
        return result with { Warnings = ResultWarnings.Of(result, _withoutUsage, _errorExample, calibrationWarning, cacheIsWanted: point.MayUseCache, promptTokens: point.Prompts.Tokens > 0 ? point.Prompts.Tokens : null, lengthsAreKnown: options is { PromptFile: null, Turns: 1, ToolCalls: false, IgnoreEndOfText: true }) };
    }

    private static double PerSecond(double amount, double seconds) => seconds > 0 ? amount / seconds : 0;

    private void Add(RequestSample sample)
    {
        RequestFigures figures = RequestFigures.Of(sample, _firstDue, options.Slo);
        _figures.Add(figures);
        _met += figures.MetSlo == true ? 1 : 0;
        _inService += MonotonicClock.Seconds(sample.StartedAt, sample.EndedAt);
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
        _joinedChunks += figures.JoinedChunks;
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
        if (sample.OutputTokens > 1 && endToEnd > ttft)
        {
            _tpot.Add((endToEnd - ttft) / (sample.OutputTokens - 1));
            _decodeRates += (sample.OutputTokens - 1) / (endToEnd - ttft);
            _decodeRateCount++;
        }
        else if (sample.OutputTokens > 1)
        {
            // How long its tokens took cannot be told; a 0 would say that they took no time.
            _inOnePiece++;
        }

        AddGaps(sample, times);
    }

    private void AddGaps(RequestSample sample, ReadOnlySpan<long> times)
    {
        ReadOnlySpan<int> counts = sample.TokenCounts.Span;
        bool isCounted = counts.Length == times.Length && counts[^1] > 0;
        _countedPerChunk &= isCounted;
        double spread = Math.Max(1, (sample.OutputTokens - 1.0) / Math.Max(1, times.Length - 1));
        double share = 0;
        double sum = 0;
        int tokens = 0;
        double arrivalGap = 0;
        int arrived = 0;
        for (int index = 1; index < times.Length; index++)
        {
            double gap = MonotonicClock.Seconds(times[index - 1], times[index]);
            _itl.Add(gap);
            sum += gap;

            // Tokens that the server held back leave with a later chunk, so a chunk has at least one.
            share += spread;
            int inChunk = isCounted ? Math.Max(1, counts[index] - counts[index - 1]) : (int)Math.Round(share);
            share -= Math.Round(share);

            // Chunks with one moment are one arrival; what came together with the first token is part of TTFT.
            if (gap > 0)
            {
                tokens += AddArrival(arrivalGap, arrived);
                (arrivalGap, arrived) = (gap, 0);
            }

            arrived += inChunk;
        }

        tokens += AddArrival(arrivalGap, arrived);
        if (times.Length > 1)
        {
            _itlByRequest.Add((times.Length - 1, sum));
        }

        if (tokens > 0)
        {
            _itlPerTokenByRequest.Add((tokens, sum));
        }
    }

    private int AddArrival(double gap, int tokens)
    {
        for (int token = 0; gap > 0 && token < tokens; token++)
        {
            _itlPerToken.Add(gap / tokens);
        }

        return gap > 0 ? tokens : 0;
    }

    /// <summary>By batch means: the rates of equal slices between the first due time and the last end.</summary>
    private static ConfidenceInterval? RateInterval(IReadOnlyList<TimelineSlice> timeline)
    {
        const int Batches = 10;
        if (timeline.Count < 2 * Batches)
        {
            return null;
        }

        double width = timeline.Count * timeline[0].DurationSeconds / Batches;
        double[] rates = new double[Batches];
        foreach (TimelineSlice slice in timeline)
        {
            for (int batch = 0; batch < Batches; batch++)
            {
                double overlap = Math.Min(slice.StartSeconds + slice.DurationSeconds, (batch + 1) * width) - Math.Max(slice.StartSeconds, batch * width);
                rates[batch] += overlap > 0 ? slice.OutputTokensPerSecond * overlap / width : 0;
            }
        }

        return LatencyStatistics.Summarize([.. rates]).MeanInterval;
    }

    private int MostInFlight()
    {
        List<(double At, int Change)> changes = [];
        foreach (RequestFigures request in _figures)
        {
            changes.Add((request.StartedSeconds, 1));
            changes.Add((request.EndedSeconds, -1));
        }

        changes.Sort();
        int now = 0;
        int most = 0;
        foreach ((double _, int change) in changes)
        {
            now += change;
            most = Math.Max(most, now);
        }

        return most;
    }
}
