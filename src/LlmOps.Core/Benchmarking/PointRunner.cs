using LlmOps.Benchmarking.Observation;

namespace LlmOps.Benchmarking;

/// <summary>Measures one load point after another with one client.</summary>
internal sealed class PointRunner(ServerClient client, MeasurementOptions options, string? promptWarning, IProgress<MeasurementProgress>? progress)
{
    /// <summary>Streams that an open loop's warm-up uses: it has no number of its own.</summary>
    private const int OpenLoopWarmupStreams = 8;

    /// <summary>Sends requests that are not counted.</summary>
    public async Task WarmUpAsync(LoadPoint point, int outputTokens, CancellationToken cancellationToken)
    {
        if (options.Warmup == 0)
        {
            return;
        }

        progress?.Report(new MeasurementProgress(point.Concurrency, 0, 0, 0, "Warming up"));
        int streams = point.Rate is null ? point.Concurrency : Math.Min(OpenLoopWarmupStreams, point.MaximumInFlight ?? OpenLoopWarmupStreams);
        LoadPoint warmup = point with
        {
            Rate = null,
            Arrival = ArrivalProcess.ClosedLoop,
            Concurrency = streams,
            RequestLimit = options.Warmup * streams,
            RequestTimeout = options.PreparationTimeout,
            OutputTokens = Math.Min(outputTokens, point.OutputTokens),
            Turns = 1,
            Duration = null,
            Ramp = TimeSpan.Zero,
            CoolDown = TimeSpan.Zero,
        };
        await new ClosedLoop(client, warmup, static _ => { }).RunAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Measures a point, and looks at server and machine meanwhile when that is asked for.</summary>
    public Task<ThroughputResult> MeasureAsync(LoadPoint point, CancellationToken cancellationToken) =>
        ObservedPoint.MeasureAsync(options, () => MeasureAloneAsync(point, cancellationToken), cancellationToken);

    private async Task<ThroughputResult> MeasureAloneAsync(LoadPoint point, CancellationToken cancellationToken)
    {
        ProgressTracker tracker = new(point, progress);
        tracker.Start();
        ProcessorMeter meter = ProcessorMeter.Start();
        ILoadLoop loop = point.Rate is null ? new ClosedLoop(client, point, tracker.Add) : new OpenLoop(client, point, tracker.Add);
        IReadOnlyList<RequestSample> samples = await loop.RunAsync(cancellationToken).ConfigureAwait(false);
        double processorSeconds = meter.Seconds;
        return new SampleFold(options, point, client.TransportName).Fold(samples, processorSeconds, promptWarning);
    }
}
