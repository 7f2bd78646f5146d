namespace LlmOps.Processes;

/// <summary>The pause between two looks at something that usually happens within a fraction of a second.</summary>
internal static class ShortPause
{
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(1);

    /// <summary>Waits.</summary>
    /// <param name="milliseconds">How long.</param>
    /// <param name="elapsed">How long it has been waited for already. During the first second the thread itself waits, unless it is one of the pool that
    /// others want: to have each caller's method go on later is compiled when it first happens, ten methods for each, beside an engine that wants the processor.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public static Task WaitAsync(int milliseconds, TimeSpan elapsed, CancellationToken cancellationToken)
    {
        if (elapsed > s_soon || Thread.CurrentThread.IsThreadPoolThread)
        {
            return Task.Delay(milliseconds, cancellationToken);
        }

        if (cancellationToken.CanBeCanceled)
        {
            cancellationToken.WaitHandle.WaitOne(milliseconds);
            cancellationToken.ThrowIfCancellationRequested();
        }
        else
        {
            Thread.Sleep(milliseconds);
        }

        return Task.CompletedTask;
    }
}
