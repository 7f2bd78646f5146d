namespace LlmOps.Benchmarking;

/// <summary>Turns values into a <see cref="LatencySummary"/>.</summary>
internal static class LatencyStatistics
{
    /// <summary>Sums up values that are one for each request, and so independent of each other.</summary>
    /// <param name="seconds">The values in any order; they are sorted in place.</param>
    public static LatencySummary Summarize(List<double> seconds)
    {
        LatencySummary summary = SummarizeParts(seconds);
        return summary.Count == 0
            ? summary
            : summary with
            {
                MeanInterval = Intervals.OfMean(summary.Mean, summary.StandardDeviation, summary.Count),
                P50Interval = Intervals.OfPercentile(seconds, 0.50),
                P90Interval = Intervals.OfPercentile(seconds, 0.90),
                P99Interval = Intervals.OfPercentile(seconds, 0.99),
            };
    }

    /// <summary>Sums up values of which each request gives many: they depend on each other, so the values alone give no interval.</summary>
    /// <param name="seconds">The values in any order; they are sorted in place.</param>
    /// <param name="means">How many values each request gave, and their sum: the mean's interval is by these clusters.</param>
    public static LatencySummary SummarizeParts(List<double> seconds, List<(int Count, double Sum)>? means = null)
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
            P95 = Percentile(seconds, 0.95),
            P99 = Percentile(seconds, 0.99),
            Min = seconds[0],
            Max = seconds[^1],
            StandardDeviation = SampleStandardDeviation(seconds, mean),
            MeanInterval = means is null ? null : OfClusters(mean, seconds.Count, means),
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

    /// <summary>The ratio estimator of cluster sampling: W. G. Cochran, "Sampling Techniques", section 9A.</summary>
    private static ConfidenceInterval? OfClusters(double mean, int total, List<(int Count, double Sum)> clusters)
    {
        int count = clusters.Count;
        if (count < 2)
        {
            return null;
        }

        double squares = 0;
        foreach ((int values, double sum) in clusters)
        {
            double residual = sum - (mean * values);
            squares += residual * residual;
        }

        double error = Math.Sqrt(count / (count - 1.0) * squares) / total;
        double half = Intervals.StudentQuantile(count - 1) * error;
        return new ConfidenceInterval(mean - half, mean + half);
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
