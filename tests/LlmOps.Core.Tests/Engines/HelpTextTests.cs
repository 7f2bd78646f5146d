using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;

namespace LlmOps.Core.Tests.Engines;

public sealed class HelpTextTests
{
    private static readonly IReadOnlyList<EngineFlag> Current = HelpText.Parse(File.ReadAllText(EngineFixtures.Path("help-0.7.0.txt")));

    [Fact]
    public void Every_flag_of_a_real_help_text_is_found_with_all_its_names()
    {
        string[] expected = [.. EngineFixtures.LlamaServer("0.7.0").Flags.Select(flag => string.Join(' ', flag.Names))];
        Assert.Equal(expected.Order(), Current.Select(flag => string.Join(' ', flag.Names)).Order());
    }

    [Fact]
    public void Every_argument_hint_of_a_real_help_text_is_read()
    {
        foreach (EngineFlag expected in EngineFixtures.LlamaServer("0.7.0").Flags)
        {
            Assert.Equal((expected.Names[0], expected.Argument), (expected.Names[0], Flag(expected.Names[0]).Argument));
        }
    }

    [Fact]
    public void Values_listed_in_braces_in_words_or_as_a_list_are_choices()
    {
        Assert.Equal(["none", "layer", "row", "tensor"], Flag("--split-mode").Choices);
        Assert.Equal(["f32", "f16", "bf16", "q8_0", "q4_0", "q4_1", "iq4_nl", "q5_0", "q5_1"], Flag("--cache-type-k").Choices);
        Assert.Equal(["auto", "none", "mmap", "mlock", "mmap+mlock", "dio"], Flag("--load-mode").Choices);
        Assert.Equal(["on", "off", "auto"], Flag("--flash-attn").Choices);
        Assert.Empty(Flag("--device").Choices);
    }

    [Fact]
    public void Environment_variables_are_read_and_are_no_part_of_the_help()
    {
        Assert.Equal("LLAMA_ARG_CTX_SIZE", Flag("--ctx-size").Environment);
        Assert.DoesNotContain("env:", Flag("--ctx-size").Help, StringComparison.Ordinal);
    }

    [Fact]
    public void The_form_of_2024_with_an_argument_after_each_name_is_read()
    {
        IReadOnlyList<EngineFlag> flags = HelpText.Parse(
            """
            usage: ./llama-server [options]

            general:

              -h,    --help, --usage          print usage and exit
              -t,    --threads N              number of threads to use during generation (default: 8)
              -fa,   --flash-attn             enable Flash Attention (default: disabled)
              -ngl N, --n-gpu-layers N        number of layers to store in VRAM
              -sm SPLIT_MODE, --split-mode SPLIT_MODE
                                              how to split the model across multiple GPUs, one of:
                                                - none: use one GPU only
            """);

        Assert.Equal(["-ngl", "--n-gpu-layers"], flags[3].Names);
        Assert.Equal("N", flags[3].Argument);
        Assert.False(flags[2].TakesValue);
        Assert.Equal("SPLIT_MODE", flags[4].Argument);
        Assert.Equal(["none"], flags[4].Choices);
    }

    [Fact]
    public void A_flag_that_the_help_calls_removed_is_not_offered()
    {
        IReadOnlyList<EngineFlag> flags = HelpText.Parse("--draft, --draft-n N   the argument has been removed. use --spec-draft-n-max\n--port PORT   port to listen on\n");
        Assert.Equal(["--port"], Assert.Single(flags).Names);
    }

    [Theory]
    [InlineData("version: 0.7.0 (build 11669, commit Debian)\nbuilt with GNU 16.2.0", "0.7.0", 11669, "Debian")]
    [InlineData("load_backend: loaded\nversion: 0.3.0-dev (build 10621, commit c1d0e7a00)\n", "0.3.0-dev", 10621, "c1d0e7a00")]
    [InlineData("version: 3277 (cb5fad4c)\nbuilt with cc", "b3277", 3277, "cb5fad4c")]
    public void Versions_of_every_era_are_read(string text, string version, int build, string commit) =>
        Assert.Equal(new EngineVersion(version, build, commit), VersionText.Parse(text));

    [Fact]
    public void A_text_without_a_version_line_gives_no_version() => Assert.Null(VersionText.Parse("bash, version 5.2"));

    [Fact]
    public void Devices_are_read_with_parentheses_in_their_names()
    {
        EngineDevice device = Assert.Single(DeviceListText.Parse("Available devices:\n  Vulkan0: llvmpipe (LLVM 22.1.8, 256 bits) (24103 MiB, 23575 MiB free)\n"));
        Assert.Equal(new EngineDevice("Vulkan0", "llvmpipe (LLVM 22.1.8, 256 bits)", 24103L << 20, 23575L << 20), device);
    }

    private static EngineFlag Flag(string name) => Assert.Single(Current, flag => flag.Names.Contains(name));
}
