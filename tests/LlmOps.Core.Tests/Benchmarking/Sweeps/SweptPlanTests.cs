using LlmOps.Benchmarking.Sweeps;
using LlmOps.Configuration;
using LlmOps.Core.Tests.Planning;
using LlmOps.Engines.LlamaCpp;
using LlmOps.Hardware;
using LlmOps.Planning;

namespace LlmOps.Core.Tests.Benchmarking.Sweeps;

public sealed class SweptPlanTests
{
    private static readonly GpuTopology s_machine = PlanFixtures.Machine(("NVIDIA GeForce RTX 4090", 24), ("NVIDIA GeForce RTX 3060", 12));

    [Theory]
    [InlineData("ubatch-size", "2048")]
    [InlineData("ctx-size", "65536")]
    [InlineData("cache-type-k", "q8_0")]
    public void A_changed_value_changes_the_plan_and_nothing_else(string flag, string value)
    {
        ServerConfig config = Planned(s_machine);
        ServerConfig swept = SweptConfig.Of(config, new Dictionary<string, string> { [flag] = value });
        ServerConfig replanned = new SweptPlan(null).Of(swept, PlanFixtures.Llama8B, s_machine);
        Assert.Empty(replanned.Problems);
        Assert.Equal(swept.Options.Values, replanned.Options.Values);
        Assert.Equal(config.Devices.Select(device => device.Uuid), replanned.Devices.Select(device => device.Uuid));
        Assert.NotEqual(config.Plan!.Devices.Sum(device => device.UsedBytes), replanned.Plan!.Devices.Sum(device => device.UsedBytes));
    }

    [Fact]
    public void Unchanged_values_have_the_same_plan()
    {
        ServerConfig config = Planned(s_machine);
        ServerConfig replanned = new SweptPlan(null).Of(config, PlanFixtures.Llama8B, s_machine);
        Assert.Empty(replanned.Problems);
        Assert.Equal(config.Plan!.Devices.Select(device => device.UsedBytes), replanned.Plan!.Devices.Select(device => device.UsedBytes));
    }

    [Fact]
    public void A_value_that_does_not_fit_is_a_problem_with_a_remedy()
    {
        ServerConfig swept = SweptConfig.Of(Planned(s_machine), new Dictionary<string, string> { ["ctx-size"] = "2000000" });
        PlanProblem problem = new SweptPlan(null).Of(swept, PlanFixtures.Llama8B, s_machine).Problems[0];
        Assert.NotEmpty(problem.Message);
        Assert.NotEmpty(problem.Remedy);
    }

    [Fact]
    public void A_server_without_gpus_is_planned_without()
    {
        ServerConfig config = Planned(s_machine with { Gpus = [] });
        ServerConfig replanned = new SweptPlan(null).Of(config, PlanFixtures.Llama8B, s_machine);
        Assert.Empty(replanned.Plan!.Devices);
    }

    private static ServerConfig Planned(GpuTopology machine) =>
        new ServerPlanner((port, _) => port).Plan(new PlanRequest { Model = PlanFixtures.Llama8B, Topology = machine, Pins = new Dictionary<string, string> { [LlamaCppOptions.ContextLength.Flags[0]] = "8192" } });
}
