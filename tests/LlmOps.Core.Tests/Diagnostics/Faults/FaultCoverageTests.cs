using LlmOps.Diagnostics;

namespace LlmOps.Tests.Diagnostics.Faults;

/// <summary>Failures as engines word them, recorded ones and variants of our own (other versions, numbers, prefixes, colours).</summary>
public sealed class FaultCoverageTests
{
    private static string Folder => Path.Combine(AppContext.BaseDirectory, "Diagnostics", "Faults", "Fixtures");

    [Fact]
    public void Of_the_recorded_failures_at_least_95_of_100_lead_to_their_cause()
    {
        IReadOnlyList<FaultCase> cases = FaultCase.Read(Path.Combine(Folder, "recorded.json"));

        string[] wrong = [.. cases.Where(one => !one.Judge().Right).Select(Describe)];

        Assert.True(wrong.Length <= cases.Count * 0.05, string.Join('\n', wrong));
    }

    [Fact]
    public void Every_recorded_line_that_an_engine_printed_itself_leads_to_its_cause() =>
        Assert.Empty(FaultCase.Read(Path.Combine(Folder, "recorded.json")).Where(one => one.Exact && !one.Judge().Right).Select(Describe));

    [Fact]
    public void Of_lines_from_the_engines_sources_and_issues_at_least_95_of_100_lead_to_their_cause_and_harmless_ones_to_none()
    {
        IReadOnlyList<FaultCase> cases = FaultCase.Read(Path.Combine(Folder, "from-sources.json"));
        FaultCase[] causes = [.. cases.Where(one => one.Cause is not null)];
        string[] wrong = [.. causes.Where(one => !one.Judge().Right).Select(Describe)];

        Assert.Equal((42, 20), (causes.Length, cases.Count - causes.Length));
        Assert.All(cases, one => Assert.NotNull(one.Source));
        Assert.True(wrong.Length <= causes.Length * 0.05, string.Join('\n', wrong));
        Assert.Empty(cases.Where(one => one.Cause is null && !one.Judge().Right).Select(Describe));
    }

    [Fact]
    public void Variants_lead_to_their_cause_and_harmless_lines_to_none()
    {
        IReadOnlyList<FaultCase> cases = FaultCase.Read(Path.Combine(Folder, "variants.json"));

        Assert.True(cases.Count >= 150);
        Assert.Empty(cases.Where(one => !one.Judge().Right).Select(Describe));
    }

    [Fact]
    public void Each_variant_still_leads_to_its_cause_behind_prefixes_of_docker_journal_and_vllm_and_in_colour()
    {
        string[] prefixes =
        [
            "2026-11-21T09:14:02.123456789Z ",
            "server-1  | ",
            "Nov 21 09:14:02 gpu1 llmops-qwen[4711]: ",
            "(EngineCore pid=123) ERROR 11-21 09:14:02 [core.py:842] ",
            "\u001b[0;36m(Worker_TP1_EP1 pid=77)\u001b[0;0m ",
        ];
        FaultCase[] cases = [.. FaultCase.Read(Path.Combine(Folder, "variants.json")).Concat(FaultCase.Read(Path.Combine(Folder, "recorded.json")).Where(one => one.Exact))];

        // What the shell and the kernel say is recognised by how its line begins, so a prefix of another kind hides it rightly.
        FaultCase[] prefixed = [.. cases.Where(one => one.Cause is not "host.killed").SelectMany(one => prefixes.Select(prefix => one with { Lines = [.. one.Lines.Select(line => prefix + line)] }))];

        Assert.Empty(prefixed.Where(one => !one.Judge().Right).Select(Describe));
    }

    private static string Describe(FaultCase one) =>
        $"{one.Cause ?? "no cause"} expected, {one.Judge().First?.Id ?? "nothing"} found: {string.Join(" / ", one.Lines)}";
}
