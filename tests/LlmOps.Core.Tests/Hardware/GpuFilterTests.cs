using LlmOps.Hardware;

namespace LlmOps.Core.Tests.Hardware;

public sealed class GpuFilterTests
{
    private static readonly GpuTopology FiveCards = TopologyFile.Read(Fixture.PathOf("five-cards-dual-xeon.json"));

    [Fact]
    public void A_filter_without_conditions_keeps_everything() => Assert.Equal([0, 1, 2, 3, 4], Kept(new GpuFilter()));

    [Fact]
    public void A_name_pattern_keeps_the_indexes_and_only_the_links_among_what_stays()
    {
        GpuTopology kept = new GpuFilter { NamePatterns = ["*4080 super"] }.Apply(FiveCards);

        Assert.Equal([1, 2], kept.Gpus.Select(gpu => gpu.Index));
        GpuLink link = Assert.Single(kept.Links);
        Assert.Equal((1, 2, GpuLinkKind.PHB), (link.A, link.B, link.Kind));
        Assert.Equal("Ubuntu 22.04.5 LTS", kept.Host.Os);
    }

    [Theory]
    [InlineData("Tesla P??", new[] { 3, 4 })]
    [InlineData("Tesla P?", new int[0])]
    [InlineData("*RTX*", new[] { 0, 1, 2 })]
    [InlineData("Tesla", new int[0])]
    public void A_question_mark_is_one_letter_and_a_name_is_matched_whole(string pattern, int[] indexes) =>
        Assert.Equal(indexes, Kept(new GpuFilter { NamePatterns = [pattern] }));

    [Fact]
    public void Several_conditions_must_all_hold_and_several_patterns_are_alternatives() =>
        Assert.Equal([1], Kept(new GpuFilter { NamePatterns = ["*4080*", "*P40"], Indexes = [4, 1], MinimumComputeCapability = "7.5" }));

    [Theory]
    [InlineData(24L, new[] { 1, 2, 3, 4 })]
    [InlineData(32L, new[] { 1, 2 })]
    [InlineData(33L, new int[0])]
    public void A_card_that_reports_a_few_mebibytes_less_than_its_nominal_size_counts_as_that_size(long gibibytes, int[] indexes) =>
        Assert.Equal(indexes, Kept(new GpuFilter { MinimumMemoryBytes = gibibytes * Bytes.GiB }));

    [Theory]
    [InlineData("8.9", true)]
    [InlineData("8.10", true)]
    [InlineData("8.11", false)]
    [InlineData("8", true)]
    [InlineData("10.0", false)]
    public void Compute_capabilities_are_compared_as_numbers(string least, bool isKept)
    {
        GpuTopology topology = new() { Gpus = [new GpuDevice { ComputeCapability = "8.10" }] };
        Assert.Equal(isKept, new GpuFilter { MinimumComputeCapability = least }.Apply(topology).Gpus.Count == 1);
    }

    [Fact]
    public void A_gpu_without_a_compute_capability_does_not_meet_a_minimum()
    {
        GpuTopology topology = new() { Gpus = [new GpuDevice { Vendor = GpuVendor.Amd }] };
        Assert.Empty(new GpuFilter { MinimumComputeCapability = "1.0" }.Apply(topology).Gpus);
    }

    [Fact]
    public void An_index_that_does_not_exist_is_refused_with_those_that_do()
    {
        LlmOpsException error = Assert.Throws<LlmOpsException>(() => new GpuFilter { Indexes = [1, 7] }.Apply(FiveCards));
        Assert.Equal("GpuIndexNotFound", error.ErrorId);
        Assert.Equal(ErrorKind.NotFound, error.Kind);
        Assert.Equal("There is no GPU with index 7; the GPUs are 0, 1, 2, 3, 4.", error.Message);
    }

    [Theory]
    [InlineData("sm_89")]
    [InlineData("")]
    [InlineData("8.9.1")]
    [InlineData("-8.9")]
    public void A_compute_capability_that_is_none_is_refused(string text)
    {
        LlmOpsException error = Assert.Throws<LlmOpsException>(() => new GpuFilter { MinimumComputeCapability = text }.Apply(FiveCards));
        Assert.Equal("ComputeCapabilityInvalid", error.ErrorId);
    }

    private static IEnumerable<int> Kept(GpuFilter filter) => filter.Apply(FiveCards).Gpus.Select(gpu => gpu.Index);
}
