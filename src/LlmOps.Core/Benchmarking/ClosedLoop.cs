namespace LlmOps.Benchmarking;

/// <summary>A fixed number of streams, each of which sends its next request when its last one is over.</summary>
/// <remarks>A request is due when the one before it in the same stream ended, the first one when the loop starts; what the client needs to send it counts as latency.</remarks>
internal sealed class ClosedLoop(ServerClient client, LoadPoint point, Action<RequestSample> finished)
{
    /// <summary>A server that refuses at once must not be asked as fast as the client can.</summary>
    private static readonly TimeSpan s_pauseAfterFailure = TimeSpan.FromMilliseconds(50);

    private readonly List<RequestSample> _samples = [];
    private int _taken;
    private long _lastStart = long.MaxValue;

    /// <summary>Runs to the end and gives the samples in the order in which they finished.</summary>
    /// <exception cref="OperationCanceledException">The caller gave up; no request is left open.</exception>
    public async Task<IReadOnlyList<RequestSample>> RunAsync(CancellationToken cancellationToken)
    {
        TaskCompletionSource<long> start = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task[] streams = new Task[Math.Min(point.Concurrency, point.RequestLimit)];
        for (int index = 0; index < streams.Length; index++)
        {
            streams[index] = RunStreamAsync(start.Task, cancellationToken);
        }

        long now = MonotonicClock.Now;
        if (point.Duration is TimeSpan duration)
        {
            _lastStart = now + MonotonicClock.Ticks(duration);
        }

        start.SetResult(now);
        await Task.WhenAll(streams).ConfigureAwait(false);
        return _samples;
    }

    private async Task RunStreamAsync(Task<long> start, CancellationToken cancellationToken)
    {
        ChatRequest request = new();
        Random random = new();
        request.Prepare(point.Model, point.Prompt, random, point.OutputTokens);
        long due = await start.ConfigureAwait(false);
        while (due < _lastStart && Interlocked.Increment(ref _taken) <= point.RequestLimit)
        {
            RequestSample sample = await client.StreamAsync(request, due, point.RequestTimeout, cancellationToken).ConfigureAwait(false);
            lock (_samples)
            {
                _samples.Add(sample);
                finished(sample);
            }

            due = sample.EndedAt;
            if (sample.Error is not null)
            {
                await Task.Delay(s_pauseAfterFailure, cancellationToken).ConfigureAwait(false);
                due = MonotonicClock.Now;
            }

            request.Prepare(point.Model, point.Prompt, random, point.OutputTokens);
        }
    }
}
