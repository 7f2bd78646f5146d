using LlmOps.Native.Libc;

namespace LlmOps.Benchmarking;

/// <summary>Puts the kernel's arrival times, which are of the real-time clock, on the clock of the measurement.</summary>
internal sealed class ArrivalClock
{
    /// <summary>Two readings of clocks further apart than this were interrupted between.</summary>
    private const long LongestReading = 2_000;

    private long _offset;
    private long _bracket = long.MaxValue;

    /// <summary>Compares the two clocks. Called before each batch of reads, so that an adjustment of the clock is followed.</summary>
    /// <returns>Now.</returns>
    public long Update()
    {
        long before = MonotonicClock.Nanoseconds;
        long realTime = LibcClock.RealTimeNanoseconds;
        long after = MonotonicClock.Nanoseconds;
        long bracket = after - before;
        if (bracket <= LongestReading || bracket < _bracket)
        {
            _offset = before + (bracket / 2) - realTime;
            _bracket = Math.Max(bracket, LongestReading);
        }

        return after;
    }

    /// <summary>When bytes arrived.</summary>
    /// <param name="realTime">The kernel's time in nanoseconds.</param>
    /// <param name="earliest">No sooner than this: an earlier moment of the same connection.</param>
    /// <param name="latest">No later than this.</param>
    public long ToMonotonic(long realTime, long earliest, long latest) =>
        Math.Clamp(realTime + _offset, Math.Min(earliest, latest), latest);
}
