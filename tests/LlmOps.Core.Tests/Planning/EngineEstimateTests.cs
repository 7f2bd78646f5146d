using LlmOps.Configuration;
using LlmOps.Core.Tests.Engines;
using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;
using LlmOps.Planning;

namespace LlmOps.Core.Tests.Planning;

public sealed class EngineEstimateTests
{
    private const string Printed = "0.00.222 I llama_fit_params: printing estimated memory in MiB to stdout (device, model, context, compute) ...\nCUDA0 16384 4352 330 \nHost 450 0 260 \n";

    [Fact]
    public void Each_line_is_a_device_with_its_weights_context_and_computation_in_MiB() =>
        Assert.Equal([new FitRow("CUDA0", 16384 * Bytes.MiB, 4352 * Bytes.MiB, 330 * Bytes.MiB), new FitRow("Host", 450 * Bytes.MiB, 0, 260 * Bytes.MiB)], FitEstimator.Parse(Printed));

    [Fact]
    public void The_engines_figures_take_the_place_of_the_computed_ones_and_both_are_shown()
    {
        ServerConfig config = Plan();
        DeviceMemory computed = config.Plan!.Devices[0];
        ServerConfig merged = EngineEstimate.Merge(config, PlanFixtures.Qwq32B, new FitEstimate(FitEstimator.Parse(Printed), null));

        DeviceMemory device = merged.Plan!.Devices[0];
        Assert.Equal("engine", merged.Plan.Source);
        Assert.Equal(16384 * Bytes.MiB, device.WeightsBytes);
        Assert.Equal(4352 * Bytes.MiB, device.KvCacheBytes);
        Assert.Equal(computed.UsedBytes, device.ComputedBytes);
        Assert.Equal(computed.FreeAfterBytes + computed.UsedBytes, device.FreeAfterBytes + device.UsedBytes);
        Assert.Contains("against", merged.Decisions.Single(decision => decision.Option == "memoryEstimate").Reason, StringComparison.Ordinal);
        Assert.Contains($"computedBytes: {device.ComputedBytes}", ServerConfigFile.ToYaml(merged), StringComparison.Ordinal);
        Assert.Equal(device.ComputedBytes, ServerConfigFile.Parse(ServerConfigFile.ToYaml(merged), "plan").Plan!.Devices[0].ComputedBytes);
    }

    [Fact]
    public void Logits_of_a_whole_micro_batch_are_not_a_servers()
    {
        ServerConfig config = Plan();
        long logits = 511L * 152064 * sizeof(float);
        long shown = (config.Plan!.Devices[0].ComputeBytes + logits) / Bytes.MiB;
        ServerConfig merged = EngineEstimate.Merge(config, PlanFixtures.Qwq32B, new FitEstimate(FitEstimator.Parse($"CUDA0 16384 4352 {shown}\n"), null));
        Assert.InRange(merged.Plan!.Devices[0].ComputeBytes - config.Plan.Devices[0].ComputeBytes, -Bytes.MiB, Bytes.MiB);
    }

    [Fact]
    public void A_device_that_the_engine_finds_too_small_is_a_problem()
    {
        ServerConfig merged = EngineEstimate.Merge(Plan(), PlanFixtures.Qwq32B, new FitEstimate(FitEstimator.Parse("CUDA0 30000 4352 330\n"), null));
        Assert.Contains("by the engine's own estimate CUDA0 lacks", Assert.Single(merged.Problems).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_estimate_of_other_devices_changes_no_figure()
    {
        ServerConfig merged = EngineEstimate.Merge(Plan(), PlanFixtures.Qwq32B, new FitEstimate(FitEstimator.Parse("Vulkan0 1 1 1\n"), null));
        Assert.Equal("model", merged.Plan!.Source);
        Assert.Equal("the engine's estimate says nothing of CUDA0", merged.Decisions[^1].Reason);
    }

    [Fact]
    public async Task Without_an_estimator_beside_the_engine_the_plan_stays_and_says_why()
    {
        EngineCapabilities engine = EngineFixtures.LlamaServer("0.7.0", new EngineDevice("CUDA0", "RTX 3090", 24L << 30, 23L << 30)) with { Path = "/nowhere/llama-server" };
        ServerConfig config = await EngineEstimate.ApplyAsync(Plan(), PlanFixtures.Qwq32B, engine, MemoryEstimator.Auto, TestContext.Current.CancellationToken);
        Assert.Equal("model", config.Plan!.Source);
        Assert.Equal("no llama-fit-params lies beside /nowhere/llama-server", config.Decisions[^1].Reason);
    }

    [Fact]
    public async Task Nothing_is_asked_when_computed_figures_are_wanted()
    {
        ServerConfig config = Plan();
        Assert.Same(config, await EngineEstimate.ApplyAsync(config, PlanFixtures.Qwq32B, null, MemoryEstimator.Model, TestContext.Current.CancellationToken));
        Assert.Same(config, await EngineEstimate.ApplyAsync(config, PlanFixtures.Qwq32B, null, MemoryEstimator.Auto, TestContext.Current.CancellationToken));
    }

    private static ServerConfig Plan() => new ServerPlanner((first, _) => first).Plan(new PlanRequest { Model = PlanFixtures.Qwq32B, Topology = PlanFixtures.Machine(("NVIDIA GeForce RTX 3090", 24)) });
}
