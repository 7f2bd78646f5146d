using System.Diagnostics;

namespace LlmOps.Benchmarking;

/// <summary>The clock of all moments in a measurement: <see cref="Stopwatch"/> ticks, which no clock adjustment moves.</summary>
internal static class MonotonicClock
{
    private static readonly double s_secondsPerTick = 1.0 / Stopwatch.Frequency;

    public static long Now => Stopwatch.GetTimestamp();

    /// <summary>The same in nanoseconds; on Linux a tick is one.</summary>
    public static long Nanoseconds => Stopwatch.Frequency == 1_000_000_000 ? Stopwatch.GetTimestamp() : (long)(Stopwatch.GetTimestamp() * (1e9 / Stopwatch.Frequency));

    public static double Seconds(long from, long to) => (to - from) * s_secondsPerTick;

    public static long Ticks(TimeSpan duration) => (long)(duration.TotalSeconds * Stopwatch.Frequency);
}
