namespace LlmOps.Benchmarking;

/// <summary>A server that refuses at once must not be asked as fast as the client can: each failure in a row doubles the pause.</summary>
internal sealed class FailurePause
{
    private static readonly TimeSpan s_first = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(1);

    private TimeSpan _next = s_first;

    public void Reset() => _next = s_first;

    /// <summary>Waits, but not beyond the end of the load point.</summary>
    public async Task AfterFailureAsync(LoadWindow window, CancellationToken cancellationToken)
    {
        TimeSpan pause = _next < window.Remaining ? _next : window.Remaining;
        _next = 2 * _next < s_longest ? 2 * _next : s_longest;
        await Task.Delay(pause, cancellationToken).ConfigureAwait(false);
    }
}
