namespace LlmOps.Benchmarking;

/// <summary>Turns values into a <see cref="LatencySummary"/>.</summary>
internal static class LatencyStatistics
{
    /// <param name="seconds">The values in any order; they are sorted in place.</param>
    public static LatencySummary Summarize(List<double> seconds)
    {
        if (seconds.Count == 0)
        {
            return new LatencySummary();
        }

        seconds.Sort();
        double mean = Mean(seconds);
        return new LatencySummary
        {
            Count = seconds.Count,
            Mean = mean,
            P50 = Percentile(seconds, 0.50),
            P90 = Percentile(seconds, 0.90),
            P99 = Percentile(seconds, 0.99),
            Min = seconds[0],
            Max = seconds[^1],
            StandardDeviation = SampleStandardDeviation(seconds, mean),
        };
    }

    /// <summary>Linear interpolation between the two nearest ranks of sorted values, as numpy's default method does.</summary>
    /// <param name="sorted">At least one value, ascending.</param>
    /// <param name="fraction">0 to 1.</param>
    public static double Percentile(List<double> sorted, double fraction)
    {
        double rank = fraction * (sorted.Count - 1);
        int below = (int)rank;
        int above = Math.Min(below + 1, sorted.Count - 1);
        return sorted[below] + ((rank - below) * (sorted[above] - sorted[below]));
    }

    private static double Mean(List<double> values)
    {
        double sum = 0;
        foreach (double value in values)
        {
            sum += value;
        }

        return sum / values.Count;
    }

    // Divides by n - 1: the requests are a sample of what the server would do, not all of it.
    private static double SampleStandardDeviation(List<double> values, double mean)
    {
        if (values.Count < 2)
        {
            return 0;
        }

        double sum = 0;
        foreach (double value in values)
        {
            sum += (value - mean) * (value - mean);
        }

        return Math.Sqrt(sum / (values.Count - 1));
    }
}
