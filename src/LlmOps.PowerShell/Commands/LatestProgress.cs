namespace LlmOps.Commands;

/// <summary>Progress that shows only the newest value: a fast reporter must not fill the queue of a slow terminal.</summary>
/// <param name="pump">The way to the pipeline thread.</param>
/// <param name="show">Shows a value, on the pipeline thread.</param>
internal sealed class LatestProgress<T>(PipelinePump pump, Action<T> show) : IProgress<T>
    where T : class
{
    private T? _latest;

    public void Report(T value)
    {
        if (Interlocked.Exchange(ref _latest, value) is null)
        {
            pump.Post(() =>
            {
                if (Interlocked.Exchange(ref _latest, null) is T newest)
                {
                    show(newest);
                }
            });
        }
    }
}
