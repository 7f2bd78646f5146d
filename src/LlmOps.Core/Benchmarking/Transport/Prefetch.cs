using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace LlmOps.Benchmarking.Transport;

/// <summary>Has the processor fetch memory that is used soon while it does something else; nothing where .NET has no instruction for it.</summary>
internal static class Prefetch
{
    /// <summary>Fetches the cache line in which a value begins.</summary>
    public static unsafe void Line<T>(ref T value)
    {
        if (Sse.IsSupported)
        {
            // An address that a collection makes stale fetches a line in vain, no more.
            Sse.Prefetch0(Unsafe.AsPointer(ref value));
        }
    }
}
