using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;
using LlmOps.Hardware;
using LlmOps.Planning;
using LlmOps.Planning.Distributed;

namespace LlmOps.Core.Tests.Planning.Distributed;

/// <summary>llama.cpp on several machines: rpc-servers lend their GPUs to the first machine's engine.</summary>
public sealed class RpcClusterTests
{
    private const string Card = "NVIDIA GeForce RTX 3090";
    private static readonly ServerPlanner s_planner = new((first, _) => first);

    [Fact]
    public void Devices_of_other_machines_come_first_and_the_output_stays_here()
    {
        ServerConfig config = Plan(request => request with { Addresses = ["10.0.0.1", "10.0.0.2"], ContextLength = 131072, KvCacheType = "f16" }, Machines.Of("alpha", 1, Card, 24, "8.6"), Machines.Of("beta", 2, Card, 24, "8.6"));

        Assert.Empty(config.Problems);
        Assert.Equal([("RPC0", "beta"), ("RPC1", "beta"), ("CUDA0", null)], config.Devices.Select(device => (device.Name, device.Host)));
        Assert.Equal(["RPC0", "RPC1", "CUDA0"], config.Plan!.Devices.Select(device => device.Name));
        Assert.Equal(3, config.Options.Get(LlamaCppOptions.TensorSplit)!.Count);
        Assert.All(config.Plan.Devices, device => Assert.True(device.FreeAfterBytes >= 0));

        string[] arguments = [.. LaunchCommandBuilder.Build(config, null).Arguments];
        Assert.True(Array.IndexOf(arguments, "--rpc") < Array.IndexOf(arguments, "--device"), "devices are looked up as arguments are read");
        Assert.Equal("10.0.0.2:50052", arguments[Array.IndexOf(arguments, "--rpc") + 1]);
        Assert.Equal("RPC0,RPC1,CUDA0", arguments[Array.IndexOf(arguments, "--device") + 1]);
        Assert.Equal("GPU-alpha-0", config.Environment["CUDA_VISIBLE_DEVICES"]);
    }

    [Fact]
    public void A_worker_offers_just_the_cards_of_the_plan_and_binds_its_own_address()
    {
        ServerConfig config = Plan(request => request with { Addresses = ["10.0.0.1", "10.0.0.2"], ClusterPort = 50099, ContextLength = 131072, KvCacheType = "f16" }, Machines.Of("alpha", 1, Card, 24, "8.6"), Machines.Of("beta", 2, Card, 24, "8.6"));
        HostCommands worker = ClusterCommands.Of(config, null)[1];

        LaunchCommand command = Assert.Single(worker.Commands);
        Assert.Equal("rpc-server --host 10.0.0.2 --port 50099 --device CUDA0,CUDA1 --cache", $"{command.File} {string.Join(' ', command.Arguments)}");
        Assert.Equal("GPU-beta-0,GPU-beta-1", command.Environment["CUDA_VISIBLE_DEVICES"]);
        Assert.Contains("asks nobody who he is", config.Decisions.First(decision => decision.Option == "clusterSecurity").Reason, StringComparison.Ordinal);
        Assert.Contains("start the workers first", ClusterScript.Of(config, null), StringComparison.Ordinal);
    }

    [Fact]
    public void Devices_are_counted_over_all_servers_in_their_order()
    {
        ServerConfig config = Plan(request => request with { ContextLength = 131072, KvCacheType = "f16" }, Machines.Of("alpha", 1, Card, 12, "8.6"), Machines.Of("beta", 1, Card, 24, "8.6"), Machines.Of("gamma", 2, Card, 24, "8.6"));

        Assert.Equal([("RPC0", "beta", 0), ("RPC1", "gamma", 0), ("CUDA0", null, 0)], config.Devices.Take(2).Append(config.Devices[^1]).Select(device => (device.Name, device.Host, device.Index!.Value)));
        Assert.Equal("beta:50052,gamma:50052", config.Options.Get(LlamaCppOptions.Rpc));
    }

    [Fact]
    public void The_first_machine_does_alone_what_it_can()
    {
        ServerConfig config = Plan(request => request with { Model = PlanFixtures.Llama8B }, Machines.Of("alpha", 1, Card, 24, "8.6"), Machines.Of("beta", 4, Card, 24, "8.6"));

        Assert.Null(config.Cluster);
        Assert.Equal("CUDA0", Assert.Single(config.Devices).Name);
        Assert.Contains("beta: the model fits without it", config.Decisions.First(decision => decision.Option == "hosts").Alternatives);
    }

    [Fact]
    public void What_is_written_to_YAML_comes_back_with_its_machines()
    {
        ServerConfig config = Plan(request => request with { ContextLength = 131072, KvCacheType = "f16" }, Machines.Of("alpha", 1, Card, 24, "8.6"), Machines.Of("beta", 2, Card, 24, "8.6"));
        string yaml = ServerConfigFile.ToYaml(config);

        Assert.Equal(yaml, ServerConfigFile.ToYaml(ServerConfigFile.Parse(yaml, "test")));
        Assert.Contains("rpc: \"beta:50052\"", yaml, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_way_than_rpc_and_pinned_devices_are_refused()
    {
        GpuTopology alpha = Machines.Of("alpha", 1, Card, 24, "8.6");
        GpuTopology beta = Machines.Of("beta", 1, Card, 24, "8.6");

        Assert.Equal("ClusterFormUnsupported", Error(request => request with { Cluster = "ray" }));
        Assert.Equal("PinConflict", Error(request => request with { Pins = new Dictionary<string, string> { ["rpc"] = "beta:1" } }));
        Assert.Equal("RuntimeNotForHosts", Error(request => request with { Runtime = "docker" }));
        Assert.Equal("HostGivenTwice", Assert.Throws<LlmOpsException>(() => Plan(request => request, alpha, alpha)).ErrorId);

        string Error(Func<PlanRequest, PlanRequest> change) => Assert.Throws<LlmOpsException>(() => Plan(change, alpha, beta)).ErrorId;
    }

    private static ServerConfig Plan(Func<PlanRequest, PlanRequest> change, params GpuTopology[] machines) =>
        s_planner.Plan(change(new PlanRequest { Model = PlanFixtures.Qwq32B, Topology = machines[0], OtherHosts = machines[1..] }));
}
