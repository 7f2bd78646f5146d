using System.Runtime.InteropServices;

namespace LlmOps.Native.Libc;

/// <summary><c>clock_gettime(2)</c>: the real-time clock to the nanosecond, which .NET rounds to 100.</summary>
internal static partial class LibcClock
{
    private const int RealTime = 0;

    /// <summary>Nanoseconds since 1970.</summary>
    public static unsafe long RealTimeNanoseconds
    {
        get
        {
            long* time = stackalloc long[2];
            return clock_gettime(RealTime, time) == 0 ? (time[0] * 1_000_000_000) + time[1] : 0;
        }
    }

    [LibraryImport("libc")]
    [SuppressGCTransition]
    private static unsafe partial int clock_gettime(int clockid, long* tp);
}
