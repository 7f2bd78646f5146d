using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;

namespace LlmOps.Core.Tests.Engines;

public sealed class LlamaCppCommandLineTests
{
    private static readonly OptionSet Locked = OptionSet.Empty
        .With(LlamaCppOptions.ContextLength, 32768L)
        .With(LlamaCppOptions.FlashAttention, "on")
        .With(LlamaCppOptions.MemoryMap, false)
        .With(LlamaCppOptions.MemoryLock, true);

    [Theory]
    [InlineData("b3277", "--ctx-size 32768 --flash-attn --no-mmap --mlock")]
    [InlineData("b6321", "--ctx-size 32768 --flash-attn --no-mmap --mlock")]
    [InlineData("b6396", "--ctx-size 32768 --flash-attn on --no-mmap --mlock")]
    [InlineData("b8808", "--ctx-size 32768 --flash-attn on --no-mmap --mlock")]
    [InlineData("b10587", "--ctx-size 32768 --flash-attn on --load-mode mlock")]
    [InlineData("0.7.0", "--ctx-size 32768 --flash-attn on --load-mode mlock")]
    public void One_and_the_same_intent_is_spelled_as_each_version_wants_it(string version, string expected) =>
        Assert.Equal(expected, string.Join(' ', LlamaCppCommandLine.Render(Locked, EngineFixtures.LlamaServer(version))));

    [Theory]
    [InlineData(true, false, "mmap")]
    [InlineData(true, true, "mmap+mlock")]
    [InlineData(false, true, "mlock")]
    [InlineData(false, false, "none")]
    public void Mapping_and_locking_together_give_the_load_mode(bool map, bool @lock, string mode)
    {
        OptionSet options = OptionSet.Empty.With(LlamaCppOptions.MemoryMap, map).With(LlamaCppOptions.MemoryLock, @lock);
        Assert.Equal(["--load-mode", mode], LlamaCppCommandLine.Render(options, EngineFixtures.LlamaServer("0.7.0")));
    }

    [Fact]
    public void An_automatic_choice_says_nothing_to_a_version_that_has_only_the_bare_switch() =>
        Assert.Empty(LlamaCppCommandLine.Render(OptionSet.Empty.With(LlamaCppOptions.FlashAttention, "auto"), EngineFixtures.LlamaServer("b3277")));

    [Fact]
    public void A_default_that_an_old_version_has_no_flag_for_is_left_out() =>
        Assert.Empty(LlamaCppCommandLine.Render(OptionSet.Empty.With(LlamaCppOptions.MemoryMap, true).With(LlamaCppOptions.KvUnified, false), EngineFixtures.LlamaServer("b3277")));

    [Fact]
    public void An_intent_that_the_binary_cannot_express_is_an_error_that_names_flag_and_version()
    {
        EngineOptionException error = Assert.Throws<EngineOptionException>(() =>
            LlamaCppCommandLine.Render(OptionSet.Empty.With(LlamaCppOptions.CpuMoeLayers, 4L), EngineFixtures.LlamaServer("b3277")));

        Assert.Equal("EngineOptionUnsupported", error.ErrorId);
        Assert.Contains("b3277", error.Message, StringComparison.Ordinal);
        Assert.Contains("--n-cpu-moe", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_word_that_the_binary_does_not_list_is_refused() =>
        Assert.Throws<EngineOptionException>(() => LlamaCppCommandLine.Render(OptionSet.Empty.With(LlamaCppOptions.SplitMode, "tensor"), EngineFixtures.LlamaServer("b8808")));

    [Fact]
    public void Without_a_binary_the_newest_spelling_is_used() =>
        Assert.Equal(["--ctx-size", "32768", "--flash-attn", "on", "--load-mode", "mlock"], LlamaCppCommandLine.Render(Locked, engine: null));

    [Fact]
    public void Every_option_of_the_table_is_accepted_by_the_newest_version()
    {
        EngineCapabilities newest = EngineFixtures.LlamaServer("0.7.0");
        foreach (EngineOption option in LlamaCppOptions.Table.Options)
        {
            bool known = option.Flags.Any(flag => newest.Find("--" + flag) is not null) || option.Name is "memoryMap" or "memoryLock";
            Assert.True(known, $"{option.Name} has no flag that 0.7.0 knows");
        }
    }
}
