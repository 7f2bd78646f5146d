using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;
using LlmOps.Hardware;
using LlmOps.Planning;

namespace LlmOps.Integration.Tests;

/// <summary>The real llama-fit-params beside the real llama-server, on the processor, and on software Vulkan devices where the engine has them.</summary>
public sealed class EngineEstimateTests(RealEngine real) : IClassFixture<RealEngine>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_engines_own_estimate_takes_the_place_of_the_computed_one()
    {
        Assert.SkipWhen(FitEstimator.Beside(real.Engine) is null, $"no llama-fit-params beside {real.Engine.Path}");
        GpuTopology topology = EngineTopology.AddDevices(real.Topology with { Gpus = [] }, real.Engine);
        ServerConfig config = new ServerPlanner().Plan(new PlanRequest { Model = real.Model, Topology = topology, Engine = real.Engine, ContextLength = 2048 });
        ServerConfig asked = await EngineEstimate.ApplyAsync(config, real.Model, real.Engine, MemoryEstimator.Engine, Token);

        Assert.Equal("engine", asked.Plan!.Source);
        long computed = config.Plan!.Devices.Sum(device => device.WeightsBytes) + config.Plan.Host.WeightsBytes;
        long measured = asked.Plan.Devices.Sum(device => device.WeightsBytes) + asked.Plan.Host.WeightsBytes;
        Assert.InRange(measured - computed, -2 * Bytes.MiB, 2 * Bytes.MiB);
        Assert.StartsWith("llama-fit-params", asked.Decisions.Single(decision => decision.Option == "memoryEstimate").Reason, StringComparison.Ordinal);
    }
}
