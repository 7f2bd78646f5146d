using LlmOps.Diagnostics;
using LlmOps.Diagnostics.Checks;
using LlmOps.Hardware;

namespace LlmOps.Core.Tests.Diagnostics.Checks;

/// <summary>How checks are run, whatever they look at.</summary>
public sealed class CheckFrameTests
{
    private static readonly CheckContext s_machine = new() { Topology = new GpuTopology() };

    [Fact]
    public async Task A_check_that_hangs_is_a_finding_and_the_others_go_on()
    {
        using ManualResetEventSlim never = new();
        Check[] checks =
        [
            Check.OfTools("storage.hangs", "a disk", async (_, stop) => { await Task.Delay(Timeout.Infinite, stop); return Finding.Pass("never"); }),
            Check.OfFiles("storage.blocks", "a file server", (_, _) => { never.Wait(TestContext.Current.CancellationToken); return Finding.Pass("never"); }) with { MayBlock = true },
            Check.OfFacts("cpu.fine", "a fact", _ => Finding.Pass("fine")),
        ];

        List<CheckResult> results = await new EnvironmentChecks(checks, TimeSpan.FromMilliseconds(200)).RunAsync(s_machine, TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken);
        never.Set();

        Assert.Equal([CheckStatus.Warn, CheckStatus.Warn, CheckStatus.Pass], results.Select(result => result.Status));
        Assert.Equal("the check did not finish within 0.2 s", results[0].Message);
        Assert.Equal("looked at: a file server", results[1].Evidence);
        Assert.NotNull(results[1].Remedy);
    }

    [Fact]
    public async Task A_check_that_breaks_could_not_tell_and_shows_why()
    {
        Check[] checks = [Check.OfFacts("cpu.breaks", "a fact", _ => throw new InvalidOperationException("no such table"))];

        CheckResult result = Assert.Single(await new EnvironmentChecks(checks, TimeSpan.FromSeconds(5)).RunAsync(s_machine, TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken));

        Assert.Equal((CheckStatus.Skip, "the check could not tell", "no such table"), (result.Status, result.Message, result.Evidence));
    }

    [Fact]
    public async Task Checks_are_chosen_by_category_and_by_id_with_wildcards()
    {
        string[] Ids(params string[] ids) => ids;
        async Task<string[]> RunAsync(CheckSelection selection) =>
            [.. (await new EnvironmentChecks().RunAsync(s_machine with { SystemRoot = null }, selection, TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken)).Select(result => result.Id)];

        Assert.Equal(Ids("memory.swap"), await RunAsync(new CheckSelection { Ids = ["memory.sw?p"] }));
        Assert.Equal(Ids("security.exposed-without-key"), await RunAsync(new CheckSelection { Categories = [CheckCategory.Security], Ids = ["*key", "cpu.*"] }));
        Assert.DoesNotContain("memory.swap", await RunAsync(new CheckSelection { Categories = [CheckCategory.Memory], Exclude = ["memory.swap"] }));
        LlmOpsException error = await Assert.ThrowsAsync<LlmOpsException>(() => RunAsync(new CheckSelection { Ids = ["memory.swop"] }));
        Assert.Equal(("CheckUnknown", "there is no check 'memory.swop'; did you mean 'memory.swap'?"), (error.ErrorId, error.Message));
    }

    [Fact]
    public async Task On_this_machine_every_check_comes_to_an_end_and_none_breaks()
    {
        CheckContext here = new() { Topology = new TopologySurvey(new SurveyOptions()).Capture(TestContext.Current.CancellationToken) };

        List<CheckResult> results = await new EnvironmentChecks(EnvironmentChecks.All, TimeSpan.FromMinutes(2)).RunAsync(here, TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken);

        Assert.Equal(EnvironmentChecks.Ids, results.Select(result => result.Id));
        Assert.DoesNotContain(results, result => result.Message is "the check could not tell");
        Assert.All(results.Where(result => result.Status is CheckStatus.Warn or CheckStatus.Fail), result => Assert.False(string.IsNullOrEmpty(result.Remedy) || string.IsNullOrEmpty(result.Why), result.Id));
    }

    [Fact]
    public void Every_check_has_an_id_of_its_own_in_its_category()
    {
        Assert.Equal(EnvironmentChecks.All.Count, EnvironmentChecks.Ids.Distinct(StringComparer.Ordinal).Count());
        Assert.All(EnvironmentChecks.All, check => Assert.Matches("^[a-z]+\\.[a-z0-9-]+$", check.Id));
        Assert.All(EnvironmentChecks.All, check => Assert.StartsWith(check.Category.ToString().ToLowerInvariant() + ".", check.Id, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Of_another_machine_only_what_its_topology_tells_is_checked()
    {
        List<CheckResult> results = await new EnvironmentChecks().RunAsync(s_machine with { SystemRoot = null }, TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken);

        Assert.Equal("of that machine only its topology is known", results.Single(result => result.Id == "storage.state-folder").Message);
        Assert.DoesNotContain(results, result => result.Status == CheckStatus.Fail);
    }
}
