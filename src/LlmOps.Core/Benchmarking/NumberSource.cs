namespace LlmOps.Benchmarking;

/// <summary>Gives each number once.</summary>
internal sealed class NumberSource
{
    private long _last = -1;

    public long Take() => Interlocked.Increment(ref _last);
}
