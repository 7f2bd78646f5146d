using LlmOps.Benchmarking;
using Xunit;

namespace LlmOps.Tests.Benchmarking;

public sealed class LatencyStatisticsTests
{
    [Fact]
    public void Percentiles_and_deviation_are_what_numpy_says_of_the_same_values()
    {
        // numpy.percentile([0.7, 0.1, 0.4, 0.2, 1.0], [50, 90, 99]) and numpy.std(..., ddof=1)
        LatencySummary summary = LatencyStatistics.Summarize([0.7, 0.1, 0.4, 0.2, 1.0]);
        Assert.Equal(5, summary.Count);
        Assert.Equal(0.48, summary.Mean, 12);
        Assert.Equal(0.4, summary.P50, 12);
        Assert.Equal(0.88, summary.P90, 12);
        Assert.Equal(0.988, summary.P99, 12);
        Assert.Equal(0.1, summary.Min);
        Assert.Equal(1.0, summary.Max);
        Assert.Equal(0.370135110466435, summary.StandardDeviation, 12);
    }

    [Fact]
    public void One_value_is_every_percentile_and_deviates_by_nothing()
    {
        LatencySummary summary = LatencyStatistics.Summarize([0.25]);
        Assert.Equal((0.25, 0.25, 0.25, 0.0), (summary.P50, summary.P99, summary.Mean, summary.StandardDeviation));
    }

    [Fact]
    public void No_values_give_zeros_that_JSON_can_carry() => Assert.Equal(new LatencySummary(), LatencyStatistics.Summarize([]));
}
