namespace LlmOps.Benchmarking.Comparison;

/// <summary>The change from one set of runs to another, each run one value: what two starts of a server differ by is in it.</summary>
internal static class WelchInterval
{
    /// <summary>Two runs have a spread, but one that says next to nothing.</summary>
    public const int FewestRuns = 3;

    /// <summary>Upper 2.5 % points of Student's t for 1 to 30 degrees of freedom; more is as good as normal.</summary>
    private static readonly double[] s_student =
    [
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
        2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
    ];

    /// <summary>Welch's interval of the difference of the means, relative to the baseline's mean.</summary>
    /// <returns>Null with fewer than <see cref="FewestRuns"/> runs on a side, or a baseline of 0.</returns>
    /// <remarks>Welch 1947: standard error √(s₁²/n₁ + s₂²/n₂), degrees of freedom by Satterthwaite, rounded down.</remarks>
    public static RelativeChange? Compare(IReadOnlyList<double> baseline, IReadOnlyList<double> current)
    {
        double before = baseline.Count == 0 ? 0 : baseline.Average();
        if (baseline.Count < FewestRuns || current.Count < FewestRuns || before <= 0)
        {
            return null;
        }

        double difference = current.Average() - before;
        double first = Variance(baseline) / baseline.Count;
        double second = Variance(current) / current.Count;
        double error = Math.Sqrt(first + second);
        double spread = (first * first / (baseline.Count - 1)) + (second * second / (current.Count - 1));
        int freedom = spread > 0 ? (int)Math.Max(1, (first + second) * (first + second) / spread) : baseline.Count + current.Count - 2;
        double half = (freedom <= s_student.Length ? s_student[freedom - 1] : 1.96) * error;
        return new RelativeChange(difference / before, (difference - half) / before, (difference + half) / before);
    }

    private static double Variance(IReadOnlyList<double> values)
    {
        double mean = values.Average();
        return values.Sum(value => (value - mean) * (value - mean)) / (values.Count - 1);
    }
}
