using LlmOps.Benchmarking;
using LlmOps.Benchmarking.Comparison;

namespace LlmOps.Core.Tests.Benchmarking.Comparison;

public sealed class ThroughputComparerTests
{
    [Fact]
    public void A_difference_larger_than_the_noise_is_told_with_its_interval()
    {
        ThroughputDifference[] differences = Compare([Run(1.0, seed: 1)], [Run(1.3, seed: 2)]);
        ThroughputDifference rate = Find(differences, ComparedFigure.OutputTokensPerSecond);
        Assert.Equal((DifferenceVerdict.Worse, "block bootstrap over requests", 200, 200), (rate.Verdict, rate.Method, rate.BaselineCount, rate.CurrentCount));
        Assert.InRange(rate.ChangePercent!.Value, -25, -21);
        Assert.True(rate.LowPercent < rate.ChangePercent && rate.ChangePercent < rate.HighPercent && rate.HighPercent < -15);
        Assert.Equal(DifferenceVerdict.Worse, Find(differences, ComparedFigure.Ttft).Verdict);
        Assert.InRange(Find(differences, ComparedFigure.E2e).ChangePercent!.Value, 27, 33);
        Assert.Equal(DifferenceVerdict.Better, Find(Compare([Run(1.3, seed: 2)], [Run(1.0, seed: 1)]), ComparedFigure.Tpot).Verdict);
    }

    [Fact]
    public void Within_the_noise_no_difference_is_visible_and_the_sentence_says_so()
    {
        ThroughputDifference rate = Find(Compare([Run(1.0, seed: 1)], [Run(1.001, seed: 2)]), ComparedFigure.OutputTokensPerSecond);
        Assert.Equal(DifferenceVerdict.NoDifferenceVisible, rate.Verdict);
        Assert.StartsWith("output tokens/s: no difference visible (", rate.Summary, StringComparison.Ordinal);
        Assert.True(rate.LowPercent < 0 && rate.HighPercent > 0);
    }

    [Fact]
    public void Of_equal_servers_about_one_comparison_in_twenty_is_mistaken()
    {
        int mistaken = 0;
        for (int round = 0; round < 100; round++)
        {
            ThroughputDifference difference = Find(Compare([Run(1, 1000 + round, 40)], [Run(1, 5000 + round, 40)]), ComparedFigure.Ttft);
            mistaken += difference.Verdict == DifferenceVerdict.NoDifferenceVisible ? 0 : 1;
        }

        Assert.InRange(mistaken, 1, 15); // 5 expected; a percentile interval of 40 requests is a little too narrow.
    }

    [Fact]
    public void Three_runs_of_each_are_compared_as_runs_so_that_noise_between_starts_counts()
    {
        // Each run is steady in itself, but starts differ by a tenth: what looks certain within runs is not between them.
        ThroughputResult[] before = [Run(1.00, 1), Run(1.10, 2), Run(0.95, 3)];
        ThroughputResult[] now = [Run(1.05, 4), Run(0.98, 5), Run(1.12, 6)];
        ThroughputDifference rate = Find(Compare(before, now), ComparedFigure.OutputTokensPerSecond);
        Assert.Equal(("Welch's t over runs", 3, 3, DifferenceVerdict.NoDifferenceVisible), (rate.Method, rate.BaselineCount, rate.CurrentCount, rate.Verdict));
        Assert.Equal(DifferenceVerdict.Worse, Find(Compare(before, [Run(2.0, 4), Run(2.1, 5), Run(1.9, 6)]), ComparedFigure.OutputTokensPerSecond).Verdict);
    }

    [Fact]
    public void Welchs_interval_is_that_of_the_textbook()
    {
        // The example of "Welch's t-test" with t = 1.959 and 7.03 degrees of freedom: 0.095 ± 2.365 × 0.0485.
        RelativeChange change = WelchInterval.Compare([29.89, 29.93, 29.72, 29.98, 30.02, 29.98], [30.02, 29.99, 30.11, 29.97, 30.01, 29.99])!.Value;
        double before = (29.89 + 29.93 + 29.72 + 29.98 + 30.02 + 29.98) / 6;
        Assert.Equal(0.0950, change.Change * before, 4);
        Assert.Equal(-0.0197, change.Low * before, 4);
        Assert.Equal(0.2097, change.High * before, 4);
        Assert.False(change.IsVisible);
    }

    [Fact]
    public void Too_few_requests_are_said_to_be_too_few()
    {
        ThroughputDifference rate = Find(Compare([Run(1, 1, 4)], [Run(2, 2, 4)]), ComparedFigure.OutputTokensPerSecond);
        Assert.Equal((DifferenceVerdict.TooFewValues, null), (rate.Verdict, rate.LowPercent));
        Assert.Contains("too few requests", rate.Summary, StringComparison.Ordinal);
    }

    [Fact]
    public void A_load_of_one_side_only_is_listed_and_failed_requests_are_left_out()
    {
        ThroughputResult run = Run(1, 1);
        ThroughputResult broken = run with { Samples = [.. run.Samples, .. Enumerable.Repeat(new RequestFigures { Error = "HTTP 500", EndedSeconds = 900, OutputTokens = 1 }, 50)] };
        ThroughputDifference[] differences = Compare([broken], [run, run with { Concurrency = 8 }]);
        Assert.Equal(DifferenceVerdict.NoDifferenceVisible, Find(differences, ComparedFigure.E2e).Verdict);
        ThroughputDifference alone = Assert.Single(differences, difference => difference.Verdict == DifferenceVerdict.NoCounterpart);
        Assert.Equal("8 streams, 128 → 64 tokens: the baseline has no such load", alone.Summary);
    }

    [Fact]
    public void A_server_too_fast_to_time_between_tokens_has_no_difference_and_nothing_is_divided_by_zero()
    {
        ThroughputResult timed = Run(1, 1, 8);
        ThroughputResult untimed = timed with { TpotSeconds = timed.TpotSeconds with { Mean = 0 }, Samples = [.. timed.Samples.Select(request => request with { TpotSeconds = 0 })] };
        ThroughputDifference same = Find(Compare([untimed], [untimed]), ComparedFigure.Tpot);
        Assert.Equal((DifferenceVerdict.NoDifferenceVisible, 0, 0, 0), (same.Verdict, same.ChangePercent, same.LowPercent, same.HighPercent));
        ThroughputDifference slower = Find(Compare([untimed], [timed]), ComparedFigure.Tpot);
        Assert.Equal((DifferenceVerdict.TooFewValues, null), (slower.Verdict, slower.ChangePercent));
        Assert.Equal("TPOT: the baseline is 0, so there is no change to tell in percent", slower.Summary);
        ThroughputResult whole = timed with { TpotSeconds = new(), Samples = [.. timed.Samples.Select(request => request with { TpotSeconds = null })] };
        ThroughputDifference none = Find(Compare([whole], [whole]), ComparedFigure.Tpot);
        Assert.Equal((DifferenceVerdict.TooFewValues, "TPOT: neither side has a value, as when each answer came in one piece"), (none.Verdict, none.Summary));
    }

    [Fact]
    public void The_same_comparison_says_the_same_twice() =>
        Assert.Equal(Compare([Run(1, 1)], [Run(1.1, 2)]), Compare([Run(1, 1)], [Run(1.1, 2)]));

    private static ThroughputResult Run(double seconds, int seed, int count = 200) => Results.Of(4, Results.Times(count, seconds, 0.3, seed));

    private static ThroughputDifference[] Compare(ThroughputResult[] before, ThroughputResult[] now) => [.. ThroughputComparer.Compare(before, now)];

    private static ThroughputDifference Find(ThroughputDifference[] differences, ComparedFigure figure) =>
        differences.First(difference => difference.Figure == figure && difference.Verdict != DifferenceVerdict.NoCounterpart);
}
