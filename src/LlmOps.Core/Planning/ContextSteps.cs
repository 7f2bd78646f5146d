namespace LlmOps.Planning;

/// <summary>Steps in which a context is lengthened: sizes that people set and remember, about a third to a tenth of the context apart. What a step leaves unused is headroom.</summary>
internal static class ContextSteps
{
    /// <summary>The step for contexts of <paramref name="context"/> tokens of a slot.</summary>
    public static long For(long context) => context switch
    {
        < 16384 => 1024,
        < 32768 => 4096,
        < 131072 => 16384,
        _ => 32768,
    };

    /// <summary>The largest multiple of the step that is at most <paramref name="context"/> tokens for each of <paramref name="streams"/> caches.</summary>
    public static long Floor(long context, long streams)
    {
        long step = For(context / streams) * streams;
        return context / step * step;
    }
}
