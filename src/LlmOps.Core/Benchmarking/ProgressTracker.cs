namespace LlmOps.Benchmarking;

/// <summary>Turns finished requests of one load point into progress. Calls come one at a time.</summary>
internal sealed class ProgressTracker(LoadPoint point, IProgress<MeasurementProgress>? progress)
{
    private long _startedAt;
    private int _completed;
    private long _outputTokens;

    public void Start()
    {
        _startedAt = MonotonicClock.Now;
        Report();
    }

    public void Add(RequestSample sample)
    {
        _completed += sample.IsCounted ? 1 : 0;
        _outputTokens += sample.Error is null ? sample.OutputTokens : 0;
        Report();
    }

    private void Report()
    {
        if (progress is null)
        {
            return;
        }

        double elapsed = MonotonicClock.Seconds(_startedAt, MonotonicClock.Now);
        progress.Report(new MeasurementProgress(
            point.Concurrency,
            _completed,
            point.RequestLimit == int.MaxValue ? 0 : point.RequestLimit,
            elapsed > 0 ? _outputTokens / elapsed : 0,
            point.Rate is double rate ? FormattableString.Invariant($"Measuring {rate:0.###} requests a second")
                : point.Concurrency == 1 ? "Measuring one stream" : FormattableString.Invariant($"Measuring {point.Concurrency} streams")));
    }
}
