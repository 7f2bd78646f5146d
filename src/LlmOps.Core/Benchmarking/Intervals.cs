namespace LlmOps.Benchmarking;

/// <summary>95 % confidence intervals.</summary>
/// <remarks>
/// Means: Student's t. Percentiles: order statistics by the binomial distribution (normal approximation), which assume nothing about
/// the shape: J. D. Gibbons, S. Chakraborti, "Nonparametric Statistical Inference", chapter 5.
/// </remarks>
internal static class Intervals
{
    private const double NormalQuantile = 1.959963984540054;

    /// <summary>Of the mean of independent values.</summary>
    /// <returns>Null for fewer than two values.</returns>
    public static ConfidenceInterval? OfMean(double mean, double standardDeviation, int count)
    {
        if (count < 2)
        {
            return null;
        }

        double half = StudentQuantile(count - 1) * standardDeviation / Math.Sqrt(count);
        return new ConfidenceInterval(mean - half, mean + half);
    }

    /// <summary>Of a percentile.</summary>
    /// <param name="sorted">Independent values, ascending.</param>
    /// <param name="fraction">0 to 1.</param>
    /// <returns>Null when the values are too few for an end of the interval to be among them.</returns>
    public static ConfidenceInterval? OfPercentile(List<double> sorted, double fraction)
    {
        double middle = fraction * sorted.Count;
        double half = NormalQuantile * Math.Sqrt(sorted.Count * fraction * (1 - fraction));
        int low = (int)Math.Round(middle - half);
        int high = (int)Math.Round(1 + middle + half);
        return low >= 1 && high <= sorted.Count ? new ConfidenceInterval(sorted[low - 1], sorted[high - 1]) : null;
    }

    /// <summary>The 97.5 % quantile of Student's t, to a thousandth: exact for 1 and 2 degrees of freedom, else the expansion 26.7.5 of Abramowitz and Stegun.</summary>
    public static double StudentQuantile(int degrees)
    {
        if (degrees <= 2)
        {
            return degrees == 1 ? 12.706204736432095 : 4.302652729911275;
        }

        const double Z = NormalQuantile;
        const double Z3 = Z * Z * Z;
        const double Z5 = Z3 * Z * Z;
        const double Z7 = Z5 * Z * Z;
        const double Z9 = Z7 * Z * Z;
        double n = degrees;
        return Z
            + ((Z3 + Z) / (4 * n))
            + (((5 * Z5) + (16 * Z3) + (3 * Z)) / (96 * n * n))
            + (((3 * Z7) + (19 * Z5) + (17 * Z3) - (15 * Z)) / (384 * n * n * n))
            + (((79 * Z9) + (776 * Z7) + (1482 * Z5) - (1920 * Z3) - (945 * Z)) / (92_160 * n * n * n * n));
    }
}
