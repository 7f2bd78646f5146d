using System.Runtime.CompilerServices;

namespace LlmOps.Benchmarking;

/// <summary>Measures a running server that speaks the OpenAI chat protocol: a closed loop of streams, one load point after another.</summary>
/// <remarks>Definitions of the figures are on <see cref="ThroughputResult"/>. Every request has its own random prompt, so that no cache helps.</remarks>
/// <param name="options">What to measure.</param>
public sealed class ThroughputMeasurement(MeasurementOptions options)
{
    /// <summary>Warm-up needs the full prompt, to size the server's buffers, but few answers' tokens.</summary>
    private const int WarmupOutputTokens = 16;

    /// <summary>Measures every load point and gives each result as soon as it is there.</summary>
    /// <param name="progress">Told after each request; null when nobody watches.</param>
    /// <param name="cancellationToken">Gives up; the requests in flight are closed at once.</param>
    /// <exception cref="LlmOpsException"><c>InvalidMeasurementOption</c>, <c>ServerNotReachable</c>, <c>ServerNotReady</c>, <c>ApiKeyRefused</c>, <c>ModelNotListed</c> or <c>ChatRequestFailed</c>. Requests that fail later are in the result.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public async IAsyncEnumerable<ThroughputResult> RunAsync(IProgress<MeasurementProgress>? progress, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        options.Validate();
        using ServerClient client = new(options.Endpoint, options.ApiKey);
        ServerProbe probe = new(client, options.ApiKey);

        progress?.Report(new MeasurementProgress(0, 0, 0, 0, $"Asking {client.Address} whether it is ready"));
        await probe.RequireReadyAsync(cancellationToken).ConfigureAwait(false);
        string model = options.Model ?? await probe.FirstModelAsync(cancellationToken).ConfigureAwait(false);

        progress?.Report(new MeasurementProgress(0, 0, 0, 0, FormattableString.Invariant($"Making prompts of {options.PromptTokens} tokens")));
        PromptCalibration calibration = new(client, probe, model, options.RequestTimeout);
        CalibratedPrompt prompt = await calibration.RunAsync(options.PromptTokens, cancellationToken).ConfigureAwait(false);

        foreach (int concurrency in options.Concurrency)
        {
            LoadPoint point = new()
            {
                Model = model,
                Prompt = prompt.Prompt,
                Concurrency = concurrency,
                OutputTokens = options.OutputTokens,
                RequestLimit = options.RequestLimit(concurrency),
                Duration = options.Duration,
                RequestTimeout = options.RequestTimeout,
            };
            await WarmUpAsync(client, point, progress, cancellationToken).ConfigureAwait(false);
            yield return await MeasureAsync(client, point, prompt.Warning, progress, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task WarmUpAsync(ServerClient client, LoadPoint point, IProgress<MeasurementProgress>? progress, CancellationToken cancellationToken)
    {
        if (options.Warmup == 0)
        {
            return;
        }

        progress?.Report(new MeasurementProgress(point.Concurrency, 0, 0, 0, "Warming up"));
        LoadPoint warmup = point with
        {
            RequestLimit = options.Warmup * point.Concurrency,
            OutputTokens = Math.Min(WarmupOutputTokens, point.OutputTokens),
            Duration = null,
        };
        await new ClosedLoop(client, warmup, static _ => { }).RunAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task<ThroughputResult> MeasureAsync(ServerClient client, LoadPoint point, string? promptWarning, IProgress<MeasurementProgress>? progress, CancellationToken cancellationToken)
    {
        ProgressTracker tracker = new(point, progress);
        tracker.Start();
        ProcessorMeter meter = ProcessorMeter.Start();
        IReadOnlyList<RequestSample> samples = await new ClosedLoop(client, point, tracker.Add).RunAsync(cancellationToken).ConfigureAwait(false);
        double processorSeconds = meter.Seconds;
        return new SampleFold(options, point).Fold(samples, processorSeconds, promptWarning);
    }
}
