namespace LlmOps.Benchmarking;

/// <summary>A fixed number of streams, each of which sends its next request when its last one is over.</summary>
/// <remarks>
/// A request is due when the one before it in the same stream ended, the first one when its stream begins; what the client needs to
/// send it counts as latency. During the ramp streams begin one after another and nothing is counted; during the cool-down they go
/// on uncounted until the last counted request has ended.
/// </remarks>
internal sealed class ClosedLoop(ServerClient client, LoadPoint point, Action<RequestSample> finished) : ILoadLoop
{
    private readonly SampleList _samples = new(finished);

    /// <summary>Runs to the end and gives all samples in the order in which they finished.</summary>
    /// <exception cref="OperationCanceledException">The caller gave up; no request is left open.</exception>
    public async Task<IReadOnlyList<RequestSample>> RunAsync(CancellationToken cancellationToken)
    {
        using LoadWindow window = new(point);
        using LoadSender sender = new(client, point, window, _samples, cancellationToken);

        // All first requests leave from this thread, one right after the other.
        TaskCompletionSource<long> start = new();
        int count = point.Ramp == TimeSpan.Zero && point.CoolDown == TimeSpan.Zero ? Math.Min(point.Concurrency, point.RequestLimit) : point.Concurrency;
        Task[] streams = new Task[count];
        for (int index = 0; index < streams.Length; index++)
        {
            streams[index] = RunStreamAsync(start.Task, (double)index / count, window, sender, cancellationToken);
        }

        long now = MonotonicClock.Now;
        window.Begin(now);
        start.SetResult(now);
        await Task.WhenAll(streams).ConfigureAwait(false);
        return _samples.All;
    }

    private async Task RunStreamAsync(Task<long> start, double place, LoadWindow window, LoadSender sender, CancellationToken cancellationToken)
    {
        // One is written while the other is under way, so that writing a long prompt delays nothing; the first two before the start.
        ChatRequest request = new(point);
        ChatRequest next = request.IsIndependent ? new ChatRequest(point) : request;
        request.Prepare(point.Numbers.Take, continues: false);
        bool nextIsWritten = request.IsIndependent;
        if (nextIsWritten)
        {
            next.Prepare(point.Numbers.Take, continues: false);
        }

        FailurePause pause = new();
        long due = await start.ConfigureAwait(false);
        if (point.Ramp > TimeSpan.Zero && place > 0)
        {
            due += MonotonicClock.Ticks(place * point.Ramp);
            await Task.Delay(place * point.Ramp, cancellationToken).ConfigureAwait(false);
        }

        while (window.TryTake(due) is LoadPhase phase)
        {
            Task<RequestSample?> answer = sender.SendAsync(request, due, phase);
            if (request.IsIndependent && !nextIsWritten)
            {
                next.Prepare(point.Numbers.Take, continues: false);
            }

            nextIsWritten = false;
            if (await answer.ConfigureAwait(false) is not RequestSample sample)
            {
                return;
            }

            due = sample.EndedAt;
            if (sample.Error is not null)
            {
                await pause.AfterFailureAsync(window, cancellationToken).ConfigureAwait(false);
                due = MonotonicClock.Now;
            }
            else
            {
                pause.Reset();
            }

            if (request.IsIndependent)
            {
                (request, next) = (next, request);
            }
            else
            {
                request.Prepare(point.Numbers.Take, continues: sample.Error is null);
            }
        }
    }
}
