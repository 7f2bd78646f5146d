using System.Diagnostics;

namespace LlmOps.Benchmarking;

/// <summary>The clock of all moments in a measurement: <see cref="Stopwatch"/> ticks, which no clock adjustment moves.</summary>
internal static class MonotonicClock
{
    private static readonly double s_secondsPerTick = 1.0 / Stopwatch.Frequency;

    public static long Now => Stopwatch.GetTimestamp();

    public static double Seconds(long from, long to) => (to - from) * s_secondsPerTick;

    public static long Ticks(TimeSpan duration) => (long)(duration.TotalSeconds * Stopwatch.Frequency);
}
