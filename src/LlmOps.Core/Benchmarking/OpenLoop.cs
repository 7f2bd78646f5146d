namespace LlmOps.Benchmarking;

/// <summary>Requests that come at their own times, whether or not earlier ones are over.</summary>
/// <remarks>A request is due at its arrival. With a cap on those in flight, later ones queue in the client; their latency counts from when they were due.</remarks>
internal sealed class OpenLoop(ServerClient client, LoadPoint point, Action<RequestSample> finished) : ILoadLoop
{
    private readonly SampleList _samples = new(finished);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<RequestSample>> RunAsync(CancellationToken cancellationToken)
    {
        using LoadWindow window = new(point);
        using LoadSender sender = new(client, point, window, _samples, cancellationToken);
        using SemaphoreSlim? places = point.MaximumInFlight is int cap ? new SemaphoreSlim(cap) : null;
        using PreciseTimer timer = new();
        List<Task> requests = [];

        // Arrivals have a thread of their own: a busy thread pool must not delay them.
        await Task.Factory.StartNew(
            () =>
            {
                using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(static state => ((PreciseTimer)state!).Interrupt(), timer);
                Dispatch(window, sender, places, timer, requests, cancellationToken);
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default).ConfigureAwait(false);
        await Task.WhenAll(requests).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return _samples.All;
    }

    private void Dispatch(LoadWindow window, LoadSender sender, SemaphoreSlim? places, PreciseTimer timer, List<Task> requests, CancellationToken cancellationToken)
    {
        ArrivalTimes arrivals = new(point.Arrival, point.Rate!.Value, point.Burstiness, point.Ramp, point.Seed is int seed ? new Random(seed) : new Random());
        ChatRequest request = Prepared();
        long start = MonotonicClock.Now;
        window.Begin(start);
        while (true)
        {
            long due = start + MonotonicClock.Ticks(TimeSpan.FromSeconds(arrivals.Next()));
            while (MonotonicClock.Now < due && !cancellationToken.IsCancellationRequested && !window.Over.IsCancellationRequested)
            {
                timer.WaitUntil(Math.Min(due, MonotonicClock.Now + MonotonicClock.Ticks(TimeSpan.FromMilliseconds(100))));
            }

            if (cancellationToken.IsCancellationRequested || window.TryTake(due) is not LoadPhase phase)
            {
                return;
            }

            requests.Add(RunAsync(request, due, phase, window, sender, places, cancellationToken));
            request = Prepared();
        }
    }

    private ChatRequest Prepared()
    {
        ChatRequest request = new(point);
        request.Prepare(point.Numbers.Take, continues: false);
        return request;
    }

    /// <summary>One arrival: a request, or all turns of a conversation.</summary>
    private async Task RunAsync(ChatRequest request, long due, LoadPhase phase, LoadWindow window, LoadSender sender, SemaphoreSlim? places, CancellationToken cancellationToken)
    {
        if (places is not null)
        {
            await places.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        try
        {
            while (await sender.SendAsync(request, due, phase).ConfigureAwait(false) is { Error: null } sample)
            {
                int turn = request.Turn;
                due = sample.EndedAt;
                if (request.IsIndependent || turn == point.Turns || window.TryTake(due) is not LoadPhase nextPhase)
                {
                    return;
                }

                phase = nextPhase;
                request.Prepare(point.Numbers.Take, continues: true);
                if (request.Turn == 1)
                {
                    // The conversation had fewer turns; its place goes back.
                    window.Return(phase);
                    return;
                }
            }
        }
        finally
        {
            places?.Release();
        }
    }
}
