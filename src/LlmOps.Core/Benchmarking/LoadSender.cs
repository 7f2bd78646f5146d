namespace LlmOps.Benchmarking;

/// <summary>Sends the requests of a load point and keeps their samples.</summary>
internal sealed class LoadSender(ServerClient client, LoadPoint point, LoadWindow window, SampleList samples, CancellationToken cancellationToken) : IDisposable
{
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
            RequestSample sample = await client.StreamAsync(request, due, point.RequestTimeout, isCounted ? cancellationToken : _uncounted.Token).ConfigureAwait(false);
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

    public void Dispose() => _uncounted.Dispose();
}
