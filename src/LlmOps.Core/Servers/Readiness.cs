namespace LlmOps.Servers;

/// <summary>Watches one run of an engine become ready, and writes that into the record.</summary>
internal sealed class Readiness(LaunchRecord launch, SupervisedRecord record, Task<ExitStatus> exited) : IAsyncDisposable
{
    private readonly CancellationTokenSource _over = new();
    private readonly ReadinessProbe _probe = new(launch.Endpoint, launch.HealthPath);
    private Task _watching = Task.CompletedTask;
    private long? _readyAt;
    private long? _overAt;

    /// <summary>How long the engine was ready; null when it never was.</summary>
    public TimeSpan? ReadyFor => _readyAt is { } start ? TimeSpan.FromMilliseconds((_overAt ?? Environment.TickCount64) - start) : null;

    /// <summary>Takes a line that the engine printed: some say that asking now is worthwhile.</summary>
    public void OnLine(string line)
    {
        if (_readyAt is null && _overAt is null && ReadinessProbe.IsHint(line))
        {
            _probe.Nudge();
        }
    }

    /// <summary>Begins to ask.</summary>
    public void Begin() => _watching = WatchAsync();

    /// <summary>Ends the watch; the engine has ended or will be stopped.</summary>
    public async Task EndAsync()
    {
        _overAt ??= Environment.TickCount64;
        await _over.CancelAsync().ConfigureAwait(false);
        await _watching.ConfigureAwait(false);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await EndAsync().ConfigureAwait(false);
        _probe.Dispose();
        _over.Dispose();
    }

    private async Task WatchAsync()
    {
        try
        {
            await _probe.WaitUntilReadyAsync(_over.Token).ConfigureAwait(false);
            ReadinessProbe.Facts facts = await _probe.ReadFactsAsync(_over.Token).ConfigureAwait(false);
            if (exited.IsCompleted)
            {
                // Something else answers on that port: the engine that was asked for is gone.
                return;
            }

            _readyAt = Environment.TickCount64;
            record.Update(now => now with
            {
                State = ServerState.Ready,
                ReadyAt = DateTimeOffset.UtcNow,
                ContextLength = facts.ContextLength,
                Slots = facts.Slots,
                Reason = null,
            });
        }
        catch (OperationCanceledException) when (_over.IsCancellationRequested)
        {
            // The run is over before it was ready; the supervisor tells of that.
        }
    }
}
