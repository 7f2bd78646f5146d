using System.Runtime.Versioning;
using LlmOps.Benchmarking;
using LlmOps.Benchmarking.Sweeps;
using LlmOps.Configuration;
using LlmOps.Core.Tests.Planning.Vllm;
using LlmOps.Engines;
using LlmOps.Engines.Vllm;
using LlmOps.Hardware;
using LlmOps.Models;
using LlmOps.Planning;
using LlmOps.Servers;
using LlmOps.Tests.Servers;

namespace LlmOps.Core.Tests.Benchmarking.Sweeps;

[UnsupportedOSPlatform("windows")]
public sealed class VllmSweepTests
{
    private static readonly GpuTopology s_machine = TuringMachine.Of(2);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_combination_of_a_vllm_server_is_planned_anew_and_one_that_does_not_fit_is_not_started()
    {
        await using VllmLab lab = new();
        LlmServer server = await lab.StartAsync(await ConfigAsync(lab, "v"));
        string before = await File.ReadAllTextAsync(server.ConfigPath, Token);

        List<SweepPoint> points = await SweepAsync(lab, server, "max-num-batched-tokens=2048,4096,90000000");

        Assert.Equal([null, null, false], points.Select(point => point.Problem is null ? (bool?)null : point.Results.Count > 0));
        Assert.True(points[0].PlannedBytes > 0);
        Assert.StartsWith("not started, because it would not fit: ", points[2].Problem, StringComparison.Ordinal);
        Assert.All(points.Take(2), point => Assert.Contains($"--max-num-batched-tokens {point.Options["max-num-batched-tokens"]}", Assert.Single(point.Results).Environment!.ServerCommand, StringComparison.Ordinal));
        Assert.All(points.Take(2), point => Assert.Equal(0, point.Results[0].Errors));
        LlmServer after = lab.Registry.Require("v");
        Assert.Equal((ServerState.Ready, before), (after.State, await File.ReadAllTextAsync(after.ConfigPath, Token)));
    }

    [Fact]
    public async Task On_a_machine_that_shows_no_card_it_is_measured_without_a_plan()
    {
        await using VllmLab lab = new();
        LlmServer server = await lab.StartAsync(await ConfigAsync(lab, "unseen"));

        SweepPoint point = Assert.Single(await SweepAsync(lab, server, "max-num-seqs=2", s_machine with { Gpus = [] }));

        Assert.Equal((null, null, 0), (point.Problem, point.PlannedBytes, Assert.Single(point.Results).Errors));
    }

    [Fact]
    public async Task An_unknown_option_and_a_value_that_cannot_be_are_refused_before_the_server_is_stopped()
    {
        await using VllmLab lab = new();
        LlmServer server = await lab.StartAsync(await ConfigAsync(lab, "kept"));

        Assert.Equal("EngineFlagUnknown", (await Assert.ThrowsAsync<LlmOpsException>(() => SweepAsync(lab, server, "no-such-option=128"))).ErrorId);
        Assert.Equal("SweepOptionInvalid", (await Assert.ThrowsAsync<LlmOpsException>(() => SweepAsync(lab, server, "max-num-seqs=many"))).ErrorId);
        Assert.Equal("SweepOptionInvalid", (await Assert.ThrowsAsync<LlmOpsException>(() => SweepAsync(lab, server, "served-model-name=other"))).ErrorId);
        Assert.Equal((ServerState.Ready, server.Pid), (lab.Registry.Require("kept").State, lab.Registry.Require("kept").Pid));
    }

    [Theory]
    [InlineData("max-num-batched-tokens", "1024")]
    [InlineData("max-model-len", "2048")]
    [InlineData("gpu-memory-utilization", "0.5")]
    public async Task A_changed_value_changes_the_plan_and_no_other_option(string flag, string value)
    {
        await using VllmLab lab = new();
        ServerConfig config = await ConfigAsync(lab, "planned");
        ServerConfig swept = SweptConfig.Of(config, new Dictionary<string, string> { [flag] = value });

        ServerConfig replanned = new SweptPlan(null).Of(swept, ModelReader.Read(config.Model), s_machine);

        Assert.Empty(replanned.Problems);
        Assert.Equal(swept.Options.Values, replanned.Options.Values);
        Assert.NotEqual(config.Plan!.Pool, replanned.Plan!.Pool);
    }

    [Fact]
    public async Task With_one_card_less_the_other_is_left_alone()
    {
        await using VllmLab lab = new();
        ServerConfig config = await ConfigAsync(lab, "cards");
        ServerConfig swept = SweptConfig.Of(config with { Options = config.Options.With(VllmOptions.TensorParallel, 2L) }, new Dictionary<string, string> { ["tensor-parallel-size"] = "1" });

        Assert.Equal(["CUDA0"], new SweptPlan(null).Of(swept, ModelReader.Read(config.Model), s_machine).Devices.Select(device => device.Name));
    }

    /// <summary>A configuration as the planner makes it, for the lab's stand-in.</summary>
    private static async Task<ServerConfig> ConfigAsync(VllmLab lab, string name)
    {
        ServerConfig given = await lab.ConfigAsync(name, stallSeconds: 60);
        ServerConfig planned = new ServerPlanner((port, _) => port).Plan(new PlanRequest
        {
            Model = ModelReader.Read(given.Model),
            Topology = s_machine,
            Name = name,
            Alias = given.Alias,
            Port = given.Endpoint.Port,
            Pins = new Dictionary<string, string> { ["tensor-parallel-size"] = "2", ["max-model-len"] = "4096", ["max-num-batched-tokens"] = "2048" },
        });
        return planned with { EnginePath = given.EnginePath, Health = given.Health, Restart = given.Restart };
    }

    private static async Task<List<SweepPoint>> SweepAsync(VllmLab lab, LlmServer server, string sweep, GpuTopology? machine = null)
    {
        MeasurementOptions options = new() { Endpoint = server.Endpoint, ServerName = server.Name, PromptTokens = 32, OutputTokens = 8, Requests = 4, Warmup = 0 };
        List<SweepPoint> points = [];
        await foreach (SweepPoint point in new OptionSweep(lab.Registry, SupervisorInTests.Command, _ => machine ?? s_machine).RunAsync(server.Name, SweepGrid.Expand([SweepGrid.Parse(sweep)], 8), options, null, Token))
        {
            points.Add(point);
        }

        return points;
    }
}
