using System.Runtime.Versioning;
using LlmOps.Configuration;
using LlmOps.Core.Tests.Planning.Vllm;
using LlmOps.Engines;
using LlmOps.Engines.Vllm;
using LlmOps.Models;
using LlmOps.Planning;
using LlmOps.Processes;
using LlmOps.Tests.Servers;

namespace LlmOps.Core.Tests.Engines.Vllm;

/// <summary>The stand-in refuses what vLLM refuses, and takes what is planned for each version.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class VllmStandInTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llmops-stand-in").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("vllm: error: unrecognized arguments: --max-num-seq 4", "--max-num-seq", "4")]
    [InlineData("vllm: error: unrecognized arguments: --swap-space 4", "--swap-space", "4")]
    [InlineData("vllm serve: error: argument --dtype: invalid choice: 'fp4' (choose from auto, half, float16, bfloat16, float, float32)", "--dtype", "fp4")]
    [InlineData("vllm serve: error: argument --max-num-seqs: invalid int value: 'many'", "--max-num-seqs", "many")]
    [InlineData("vllm serve: error: argument --tensor-parallel-size/-tp: expected one argument", "-tp")]
    public async Task What_argparse_refuses_is_refused_in_its_words_and_diagnosed(string error, params string[] arguments)
    {
        ProcessResult result = await VllmLab.RunStandInAsync(["serve", "m", .. arguments]);

        Assert.Equal((2, string.Empty), (result.ExitCode, result.StandardOutput));
        Assert.Equal(error, result.StandardError.TrimEnd().Split('\n')[^1]);
        Assert.Contains(LlmOps.Diagnostics.FaultCatalogue.Default.Diagnose(result.StandardError.Split('\n')), finding => finding.Id == "vllm.unknown-option");
    }

    [Theory]
    [InlineData("0.10.2")]
    [InlineData("0.15.0")]
    [InlineData("0.21.0")]
    [InlineData("0.24.0")]
    [InlineData("0.27.0")]
    public async Task What_is_planned_for_a_version_is_taken_by_that_version(string version)
    {
        EngineCapabilities engine = new() { Engine = EngineNames.Vllm, Path = "/opt/vllm/bin/vllm", Version = version, Flags = VllmFlags.Of(VllmVersion.Parse(version)!.Value) };
        ServerConfig config = new ServerPlanner((first, _) => first).Plan(new PlanRequest
        {
            Model = ModelReader.Read(KnownShapes.Llama8B.Write(Path.Combine(_folder, "model"))),
            Topology = TuringMachine.Of(2),
            Engine = engine,
        });

        // Told to fail after the command line was read: 2 would be argparse's word on it.
        ProcessResult result = await VllmLab.RunStandInAsync(LaunchCommandBuilder.Build(config, engine).Arguments, ("VLLM_STAND_IN_VERSION", version), ("VLLM_STAND_IN_FAIL", "missing-module"));

        Assert.True(result.ExitCode == 1, result.StandardError);
        Assert.Contains($"version {version}", result.StandardOutput, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Its_help_is_read_as_vllms()
    {
        ProcessResult help = await VllmLab.RunStandInAsync(["serve", "--help=all"], ("VLLM_STAND_IN_VERSION", "0.21.0"));

        IReadOnlyList<EngineFlag> read = VllmHelp.Parse(help.StandardOutput);
        IReadOnlyList<EngineFlag> known = VllmFlags.Of(VllmVersion.Parse("0.21.0")!.Value);
        Assert.Equal(known.Select(flag => flag.Names[0]).Order(), read.Select(flag => flag.Names[0]).Order());
        Assert.Equal(known.Where(flag => flag.TakesValue).Select(flag => flag.Names[0]).Order(), read.Where(flag => flag.TakesValue).Select(flag => flag.Names[0]).Order());
    }
}
