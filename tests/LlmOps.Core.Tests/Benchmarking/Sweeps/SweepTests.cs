using LlmOps.Benchmarking;
using LlmOps.Benchmarking.Comparison;
using LlmOps.Benchmarking.Sweeps;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;

namespace LlmOps.Core.Tests.Benchmarking.Sweeps;

public sealed class SweepTests
{
    [Fact]
    public void A_grid_has_every_combination_once()
    {
        IReadOnlyList<IReadOnlyDictionary<string, string>> grid = SweepGrid.Expand([SweepGrid.Parse("--ubatch-size=128,256,128"), SweepGrid.Parse("flash_attn=on, off")], 32);
        Assert.Equal(
            ["128 on", "128 off", "256 on", "256 off"],
            grid.Select(point => $"{point["ubatch-size"]} {point["flash-attn"]}"));
    }

    [Theory]
    [InlineData("SweepTooLarge", "a=1,2,3", "b=1,2,3")]
    [InlineData("SweepEmpty", "a=")]
    [InlineData("SweepEmpty", "=1")]
    [InlineData("SweepEmpty", "a")]
    [InlineData("SweepEmpty", "a=1", "--a=2")]
    [InlineData("SweepEmpty")]
    public void A_grid_that_cannot_be_is_refused(string errorId, params string[] options)
    {
        LlmOpsException problem = Assert.Throws<LlmOpsException>(() => SweepGrid.Expand([.. options.Select(SweepGrid.Parse)], 8));
        Assert.Equal(errorId, problem.ErrorId);
    }

    [Fact]
    public void Options_of_the_table_are_set_and_other_flags_replace_themselves()
    {
        ServerConfig config = new() { Name = "s", Model = "m", Options = OptionSet.Empty.With(LlamaCppOptions.UbatchSize, 512L), ExtraArguments = ["--poll", "50", "--keep-me"] };
        ServerConfig swept = SweptConfig.Of(config, new Dictionary<string, string> { ["ubatch-size"] = "64", ["poll"] = "0" });
        Assert.Equal(64L, swept.Options[LlamaCppOptions.UbatchSize.Name]);
        Assert.Equal(["--keep-me", "--poll", "0"], swept.ExtraArguments);
        Assert.Equal(512L, config.Options[LlamaCppOptions.UbatchSize.Name]);
    }

    [Theory]
    [InlineData("ubatch-size", "many")]
    [InlineData("port", "81")]
    [InlineData("model", "other.gguf")]
    public void What_an_option_does_not_take_or_makes_another_server_is_refused(string flag, string value) => Assert.Equal(
        "SweepOptionInvalid",
        Assert.Throws<LlmOpsException>(() => SweptConfig.Of(new ServerConfig { Name = "s", Model = "m" }, new Dictionary<string, string> { [flag] = value })).ErrorId);

    [Fact]
    public void Points_are_ranked_at_their_highest_load_and_noise_makes_ties()
    {
        SweepPoint slow = Point("slow", Results.Of(1, Results.Times(60, 0.1, 0.2, 1)), Results.Of(4, Results.Times(60, 3, 0.2, 2)));
        SweepPoint fast = Point("fast", Results.Of(4, Results.Times(60, 1, 0.2, 3)));
        SweepPoint alike = Point("alike", Results.Of(4, Results.Times(60, 1.005, 0.2, 4)));
        SweepPoint broken = Point("broken") with { Problem = "did not start" };

        IReadOnlyList<SweepPoint> ranked = SweepRanking.Rank([slow, broken, alike, fast], ComparedFigure.OutputTokensPerSecond);
        Assert.Equal([1, 2, 3, null], ranked.Select(point => point.Place));
        Assert.Equal(["slow", "broken"], ranked.Skip(2).Select(point => point.Options["name"]));
        Assert.Equal([false, true, false, false], ranked.Select(point => point.IsTiedWithBest));
        Assert.InRange(ranked[2].ChangePercent!.Value, -70, -63);
        Assert.Equal("slow", SweepRanking.Rank([slow, fast], ComparedFigure.E2e)[1].Options["name"]);
        Assert.Null(Assert.Single(SweepRanking.Rank([broken], ComparedFigure.E2e)).Place);
    }

    private static SweepPoint Point(string name, params ThroughputResult[] results) =>
        new() { ServerName = "s", Options = new Dictionary<string, string> { ["name"] = name }, Results = results };
}
