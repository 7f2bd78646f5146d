namespace LlmOps.Benchmarking;

/// <summary>Sends the requests of a load point and keeps their samples.</summary>
internal sealed class LoadSender(ServerClient client, LoadPoint point, LoadWindow window, SampleList samples, CancellationToken cancellationToken) : IDisposable
{
    /// <summary>With less time than this left, a request that waited for its place is not sent: timers that ended the one before it may have been early by as much.</summary>
    private const double LeastSeconds = 0.05;

    private readonly CancellationTokenSource _uncounted = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, window.Over);

    /// <summary>Sends one request and keeps its sample.</summary>
    /// <returns>Null when it was only load, and the point was over before it.</returns>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public async Task<RequestSample?> SendAsync(ChatRequest request, long due, LoadPhase phase)
    {
        bool isCounted = phase == LoadPhase.Counted;
        int turn = request.Turn;
        try
        {
            RequestSample sample = await SendInTimeAsync(request, due, isCounted ? cancellationToken : _uncounted.Token).ConfigureAwait(false);
            sample = isCounted && turn == 1 ? sample : sample with { IsCounted = isCounted, Turn = turn };
            samples.Add(sample);
            window.Finished(phase);
            return sample;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    private async Task<RequestSample> SendInTimeAsync(ChatRequest request, long due, CancellationToken stop)
    {
        long now = MonotonicClock.Now;
        double left = window.LatestEnd == long.MaxValue ? double.MaxValue : MonotonicClock.Seconds(now, window.LatestEnd);
        if (left >= point.RequestTimeout.TotalSeconds)
        {
            return await client.StreamAsync(request, due, point.RequestTimeout, stop).ConfigureAwait(false);
        }

        RequestSample sample = left > LeastSeconds
            ? await client.StreamAsync(request, due, TimeSpan.FromSeconds(left), stop).ConfigureAwait(false)
            : new RequestSample { ScheduledAt = due, StartedAt = now, EndedAt = now, Error = FailureText.Timeout };
        return sample.Error != FailureText.Timeout ? sample : sample with
        {
            Error = FailureText.Unfinished,
            ErrorDetail = FormattableString.Invariant($"not over {Math.Max(point.Grace.TotalSeconds, point.CoolDown.TotalSeconds):0.###} s after the end of the load point; a longer grace period lets slow answers end"),
        };
    }

    public void Dispose() => _uncounted.Dispose();
}
