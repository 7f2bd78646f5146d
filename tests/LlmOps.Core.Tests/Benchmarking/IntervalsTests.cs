using LlmOps.Benchmarking;
using Xunit;

namespace LlmOps.Tests.Benchmarking;

public sealed class IntervalsTests
{
    [Theory]
    [InlineData(1, 12.7062)]
    [InlineData(2, 4.30265)]
    [InlineData(3, 3.18245)]
    [InlineData(5, 2.57058)]
    [InlineData(10, 2.22814)]
    [InlineData(30, 2.04227)]
    [InlineData(1000, 1.96234)]
    public void Students_quantiles_are_those_of_the_tables(int degrees, double expected) =>
        Assert.Equal(expected, Intervals.StudentQuantile(degrees), 0.0015 * expected);

    [Fact]
    public void The_mean_of_known_values_has_the_known_interval()
    {
        // Mean 3, s = sqrt(2.5), t(4) = 2.7764: 3 ± 1.9632.
        ConfidenceInterval interval = LatencyStatistics.Summarize([1, 2, 3, 4, 5]).MeanInterval!;
        Assert.Equal((1.037, 4.963), (Math.Round(interval.Low, 3), Math.Round(interval.High, 3)));
    }

    [Fact]
    public void A_percentiles_interval_needs_enough_values_on_either_side()
    {
        LatencySummary few = LatencyStatistics.Summarize([.. Enumerable.Range(1, 100).Select(value => (double)value)]);
        Assert.Equal(new ConfidenceInterval(40, 61), few.P50Interval);
        Assert.Null(few.P99Interval);
        Assert.NotNull(LatencyStatistics.Summarize([.. Enumerable.Range(1, 500).Select(value => (double)value)]).P99Interval);
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(0.9)]
    public void Nineteen_of_twenty_intervals_hold_the_true_percentile(double fraction)
    {
        Random random = new(11);
        int held = 0;
        for (int run = 0; run < 2000; run++)
        {
            // Exponential: nothing is symmetric here.
            List<double> values = [.. Enumerable.Range(0, 200).Select(_ => -Math.Log(1 - random.NextDouble()))];
            LatencySummary summary = LatencyStatistics.Summarize(values);
            ConfidenceInterval interval = (fraction == 0.5 ? summary.P50Interval : summary.P90Interval)!;
            double truth = -Math.Log(1 - fraction);
            held += interval.Low <= truth && truth <= interval.High ? 1 : 0;
        }

        Assert.InRange(held / 2000.0, 0.93, 0.985);
    }

    [Fact]
    public void Values_that_belong_together_make_the_interval_of_their_mean_wider()
    {
        // Ten requests whose gaps differ between them and not within: a hundred values are worth ten.
        List<double> values = [];
        List<(int, double)> clusters = [];
        for (int request = 0; request < 10; request++)
        {
            values.AddRange(Enumerable.Repeat(1.0 + request, 10));
            clusters.Add((10, 10 * (1.0 + request)));
        }

        ConfidenceInterval clustered = LatencyStatistics.SummarizeParts([.. values], clusters).MeanInterval!;
        ConfidenceInterval naive = LatencyStatistics.Summarize([.. values]).MeanInterval!;
        ConfidenceInterval byRequest = LatencyStatistics.Summarize([.. Enumerable.Range(1, 10).Select(value => (double)value)]).MeanInterval!;
        Assert.True(clustered.High - clustered.Low > 3 * (naive.High - naive.Low));
        Assert.Equal(byRequest.High, clustered.High, 6);
    }
}
