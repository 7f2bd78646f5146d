namespace LlmOps.Benchmarking;

/// <summary>A distribution of seconds over successful requests. Percentiles interpolate linearly between ranks, as numpy's default does.</summary>
public sealed record LatencySummary
{
    /// <summary>How many values.</summary>
    public int Count { get; init; }

    /// <summary>Arithmetic mean.</summary>
    public double Mean { get; init; }

    /// <summary>Median.</summary>
    public double P50 { get; init; }

    /// <summary>90th percentile.</summary>
    public double P90 { get; init; }

    /// <summary>95th percentile.</summary>
    public double P95 { get; init; }

    /// <summary>99th percentile.</summary>
    public double P99 { get; init; }

    /// <summary>Smallest.</summary>
    public double Min { get; init; }

    /// <summary>Largest.</summary>
    public double Max { get; init; }

    /// <summary>Sample standard deviation; 0 for fewer than two values.</summary>
    public double StandardDeviation { get; init; }

    /// <summary>95 % confidence interval of <see cref="Mean"/> (Student's t; requests are the independent units); null for fewer than two requests.</summary>
    public ConfidenceInterval? MeanInterval { get; init; }

    /// <summary>95 % confidence interval of <see cref="P50"/> by order statistics, free of any assumption about the distribution; null when the values are too few for one.</summary>
    public ConfidenceInterval? P50Interval { get; init; }

    /// <summary>95 % confidence interval of <see cref="P90"/>, as for the median.</summary>
    public ConfidenceInterval? P90Interval { get; init; }

    /// <summary>95 % confidence interval of <see cref="P99"/>, as for the median; it takes some 480 values.</summary>
    public ConfidenceInterval? P99Interval { get; init; }
}
