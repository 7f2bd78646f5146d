using LlmOps.Configuration;
using LlmOps.Servers;

namespace LlmOps.Tests.Servers;

public sealed class RestartHistoryTests
{
    private const bool Crash = false;
    private const bool Success = true;
    private static readonly TimeSpan s_briefly = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_long = TimeSpan.FromMinutes(11);

    [Fact]
    public void A_server_that_was_never_ready_is_not_restarted() =>
        Assert.Equal(new RestartHistory.Decision(null, null), History().Decide(Crash, readyFor: null, "a"));

    [Fact]
    public void A_server_that_was_ready_once_is_restarted_also_when_the_restart_fails_to_load()
    {
        RestartHistory history = History();
        history.Decide(Crash, s_briefly, "a");

        Assert.NotNull(history.Decide(Crash, readyFor: null, "b").Delay);
    }

    [Theory]
    [InlineData(0, 0.8)]
    [InlineData(0.25, 0.9)]
    [InlineData(0.999999, 1.2)]
    public void Servers_that_fell_together_come_back_apart(double random, double seconds) =>
        Assert.Equal(
            seconds,
            new RestartHistory(new RestartPolicy { BackoffSeconds = 1 }, () => random).Decide(Crash, s_briefly, "a").Delay!.Value.TotalSeconds,
            precision: 3);

    [Fact]
    public void The_delay_doubles_up_to_a_minute()
    {
        RestartHistory history = History(maximum: 9);

        Assert.Equal(
            [1, 2, 4, 8, 16, 32, 60, 60],
            Enumerable.Range(0, 8).Select(number => history.Decide(Crash, s_briefly, $"{number}").Delay!.Value.TotalSeconds));
    }

    [Fact]
    public void It_gives_up_after_the_most_restarts_allowed()
    {
        RestartHistory history = History(maximum: 2);
        history.Decide(Crash, s_briefly, "a");
        history.Decide(Crash, s_briefly, "b");

        Assert.Equal(new RestartHistory.Decision(null, "given up after 2 restarts"), history.Decide(Crash, s_briefly, "c"));
    }

    [Fact]
    public void It_gives_up_after_ending_three_times_in_the_same_way()
    {
        RestartHistory history = History();
        history.Decide(Crash, s_briefly, "a");
        history.Decide(Crash, s_briefly, "a");

        Assert.Equal("given up after ending 3 times in a row in the same way", history.Decide(Crash, s_briefly, "a").GaveUp);
    }

    [Fact]
    public void Ten_minutes_of_readiness_start_the_count_anew()
    {
        RestartHistory history = History(maximum: 1);

        Assert.All(Enumerable.Range(0, 9), _ => Assert.Equal(1, history.Decide(Crash, s_long, "a").Delay!.Value.TotalSeconds));
    }

    [Theory]
    [InlineData(RestartMode.Never, false, false)]
    [InlineData(RestartMode.OnFailure, true, false)]
    [InlineData(RestartMode.Always, true, true)]
    public void The_mode_decides_about_failures_and_successes(RestartMode mode, bool afterCrash, bool afterSuccess)
    {
        Assert.Equal(afterCrash, History(mode).Decide(Crash, s_briefly, "a").Delay is not null);
        Assert.Equal(afterSuccess, History(mode).Decide(Success, s_briefly, "a").Delay is not null);
    }

    private static RestartHistory History(RestartMode mode = RestartMode.OnFailure, int maximum = 5) =>
        new(new RestartPolicy { Mode = mode, MaxRestarts = maximum, BackoffSeconds = 1 }, () => 0.5);
}
