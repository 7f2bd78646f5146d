using LlmOps.Configuration;
using LlmOps.Planning;
using LlmOps.Servers;

namespace LlmOps.Integration.Tests;

/// <summary>A second, smaller model that guesses ahead: what the plan counts for it is what a real llama-server takes.</summary>
public sealed class DraftModelTests(RealEngine real) : IClassFixture<RealEngine>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_memory_of_a_draft_model_is_planned_as_the_engine_takes_it()
    {
        await using ServerHarness servers = new(real);
        string draft = real.Model.Files[0];
        ServerConfig config = new ServerPlanner().Plan(new PlanRequest
        {
            Name = "drafting",
            Model = real.Model,
            Topology = real.Topology with { Gpus = [], Links = [] },
            Engine = real.Engine,
            ContextLength = 4096,
            Port = FreePorts.Next(),
            Pins = new Dictionary<string, string> { ["spec-draft-model"] = draft, ["spec-type"] = "draft-simple" },
        });
        Assert.True(config.Plan!.Host.DraftBytes > config.Plan.Host.WeightsBytes, "weights, cache and scratch memory of a second model");

        LlmServer server = await servers.StartAsync(config, real.Engine);

        DeviceAllocation host = Assert.Single(server.PlanAccuracy);
        Assert.InRange(host.ErrorPercent!.Value, -2, 2);
        Assert.True(host.WeightsBytes > 2 * 0.98 * real.Model.SizeBytes, $"{host.WeightsBytes} bytes of weights are not those of two models");
    }
}
