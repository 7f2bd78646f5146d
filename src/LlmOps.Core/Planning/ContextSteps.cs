namespace LlmOps.Planning;

/// <summary>Steps in which a context is lengthened: fine enough to use the memory, coarse enough to be remembered.</summary>
internal static class ContextSteps
{
    private const long Short = 1024;
    private const long Long = 4096;

    // Contexts beyond this are wanted for long work, where a few thousand tokens make no difference.
    private const long LongContext = 65536;

    /// <summary>The step for contexts up to <paramref name="context"/> tokens of a slot.</summary>
    public static long For(long context) => context > LongContext ? Long : Short;

    /// <summary>The largest multiple of the step that is at most <paramref name="context"/> tokens for each of <paramref name="streams"/> caches.</summary>
    public static long Floor(long context, long streams)
    {
        long step = For(context / streams) * streams;
        return context / step * step;
    }
}
