using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace LlmOps.Benchmarking.Transport;

/// <summary>Has the processor fetch memory that is used soon while it does something else; nothing where .NET has no instruction for it.</summary>
/// <remarks>Nothing here may read what it fetches: that would wait for it. So callers are inlined, which spares them a check for null, and arrays are not asked for their length.</remarks>
internal static class Prefetch
{
    /// <summary>Fetches the cache line in which a value begins.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Line<T>(ref T value)
    {
        if (Sse.IsSupported)
        {
            // An address that a collection makes stale fetches a line in vain, no more.
            Sse.Prefetch0(Unsafe.AsPointer(ref value));
        }
    }

    /// <summary>Fetches the cache line in which an element begins; the index may be past the end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Element<T>(T[]? array, int index)
    {
        if (array is not null)
        {
            Line(ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(array), index));
        }
    }
}
