using LlmOps.Benchmarking;
using Xunit;

namespace LlmOps.Tests.Benchmarking;

public sealed class ArrivalTimesTests
{
    [Fact]
    public void Constant_arrivals_have_equal_gaps() =>
        Assert.Equal([0.25, 0.5, 0.75, 1.0], Take(ArrivalProcess.Constant, rate: 4, burstiness: 1, ramp: 0, count: 4));

    [Theory]
    [InlineData(ArrivalProcess.Poisson, 1.0, 1.0)]
    [InlineData(ArrivalProcess.Gamma, 1.0, 1.0)]
    [InlineData(ArrivalProcess.Gamma, 0.25, 2.0)]
    [InlineData(ArrivalProcess.Gamma, 4.0, 0.5)]
    public void Gaps_have_the_rates_mean_and_the_shapes_coefficient_of_variation(ArrivalProcess process, double burstiness, double variation)
    {
        double[] gaps = Gaps(Take(process, rate: 10, burstiness, ramp: 0, count: 40_000));
        double mean = gaps.Average();
        double deviation = Math.Sqrt(gaps.Average(gap => (gap - mean) * (gap - mean)));
        Assert.Equal(0.1, mean, 0.003);
        Assert.Equal(variation, deviation / mean, 0.05 * Math.Max(1, variation));
    }

    [Fact]
    public void In_the_ramp_the_rate_grows_in_a_straight_line()
    {
        // 10 a second reached after 4 s: 5 in the first 2 s, 20 in all 4, then 10 in each second.
        double[] times = Take(ArrivalProcess.Constant, rate: 10, burstiness: 1, ramp: 4, count: 60);
        Assert.Equal((5, 20, 30), (times.Count(time => time <= 2 + 1e-9), times.Count(time => time <= 4 + 1e-9), times.Count(time => time <= 5 + 1e-9)));
        Assert.True(Gaps(times).Zip(Gaps(times).Skip(1)).Take(18).All(pair => pair.Second < pair.First));
    }

    [Fact]
    public void The_same_seed_gives_the_same_times() =>
        Assert.Equal(Take(ArrivalProcess.Gamma, 3, 0.5, 1, 100), Take(ArrivalProcess.Gamma, 3, 0.5, 1, 100));

    private static double[] Take(ArrivalProcess process, double rate, double burstiness, double ramp, int count)
    {
        ArrivalTimes times = new(process, rate, burstiness, TimeSpan.FromSeconds(ramp), new Random(7));
        return [.. Enumerable.Range(0, count).Select(_ => times.Next())];
    }

    private static double[] Gaps(double[] times) => [.. times.Zip(times.Skip(1), (a, b) => b - a)];
}
