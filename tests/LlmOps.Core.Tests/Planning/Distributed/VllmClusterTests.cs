using LlmOps.Configuration;
using LlmOps.Core.Tests.Models;
using LlmOps.Core.Tests.Planning.Vllm;
using LlmOps.Engines;
using LlmOps.Engines.Vllm;
using LlmOps.Hardware;
using LlmOps.Models;
using LlmOps.Planning;
using LlmOps.Planning.Distributed;
using YamlDotNet.RepresentationModel;

namespace LlmOps.Core.Tests.Planning.Distributed;

/// <summary>vLLM on several machines: tensor parallel inside each, stages across them, one command a machine.</summary>
public sealed class VllmClusterTests : IDisposable
{
    private static readonly ServerPlanner s_planner = new((first, _) => first);

    // 131 GiB: two cards of 80 GB hold the weights, and hardly a context.
    private static readonly ShapedFolder s_seventy = KnownShapes.Llama70BEight with { Bits = (16, 16, 16), Context = 131072 };

    private readonly ModelFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Cards_of_a_machine_share_layers_and_machines_hold_different_ones()
    {
        ServerConfig config = Plan(Machines.Of("alpha", 2), Machines.Of("beta", 2));

        Assert.Empty(config.Problems);
        Assert.Equal((2L, 2L), (config.Options.Get(VllmOptions.TensorParallel), config.Options.Get(VllmOptions.PipelineParallel)));
        Assert.Equal(["CUDA0", "CUDA1"], config.Devices.Select(device => device.Name));
        Assert.Equal(["CUDA0", "CUDA1", "beta/CUDA0", "beta/CUDA1"], config.Plan!.Devices.Select(device => device.Name));
        Assert.All(config.Plan.Devices, device => Assert.InRange(device.WeightsBytes / (double)LlmOps.Bytes.GiB, 32, 34)); // A quarter of 131 GiB.
        Assert.Contains("network", Decision(config, "pipelineParallel").Reason, StringComparison.Ordinal);
        Assert.Contains("network between the machines is not counted", config.Prediction!.LimitedBy, StringComparison.Ordinal);
        Assert.Null(config.Prediction.PrefillTokensPerSecond);
        Assert.All(config.Options.Values, option => Assert.Contains(config.Decisions, decision => decision.Option == option.Key && decision.Reason.Length > 10));
    }

    // Three machines whose pool holds less than three requests of full length: each stage gets a request all the same.
    [Fact]
    public void There_are_as_many_requests_as_stages_or_stages_would_wait()
    {
        GpuTopology[] machines = [.. ((string[])["alpha", "beta", "gamma"]).Select(name => Machines.Of(name, 2, "NVIDIA GeForce RTX 3090", gib: 24, capability: "8.6"))];
        ServerConfig config = Plan("Llama-70B-W8A8", KnownShapes.Llama70BEight with { Context = 131072 }, request => request, machines);

        Assert.Empty(config.Problems);
        Assert.InRange(config.Plan!.Pool!.FullLengthRequests, 1, 2.99);
        Assert.Equal((3L, 3L), (config.Options.Get(VllmOptions.PipelineParallel), config.Options.Get(VllmOptions.Parallel)));
    }

    [Fact]
    public void Each_machine_gets_its_own_line_and_only_the_first_answers_clients()
    {
        ServerConfig config = Plan(request => request with { Addresses = ["10.0.0.1", "2001:db8::2"], ClusterPort = 29777 }, Machines.Of("alpha", 2), Machines.Of("beta", 2));
        IReadOnlyList<HostCommands> hosts = ClusterCommands.Of(config, null);

        Assert.Equal([("alpha", "main"), ("beta", "worker")], hosts.Select(host => (host.Host.Name, host.Role)));
        LaunchCommand first = Assert.Single(hosts[0].Commands);
        LaunchCommand second = Assert.Single(hosts[1].Commands);
        foreach ((LaunchCommand command, string rank) in new[] { (first, "0"), (second, "1") })
        {
            Assert.Equal("2", Value(command, "--nnodes"));
            Assert.Equal(rank, Value(command, "--node-rank"));
            Assert.Equal("10.0.0.1", Value(command, "--master-addr"));
            Assert.Equal("29777", Value(command, "--master-port"));
            Assert.Equal("2", Value(command, "--tensor-parallel-size"));
            Assert.Equal("0,1", command.Environment["CUDA_VISIBLE_DEVICES"]);
            Assert.Equal("16", command.Environment["OMP_NUM_THREADS"]);
        }

        Assert.DoesNotContain("--headless", first.Arguments);
        Assert.Contains("--headless", second.Arguments);
        Assert.Equal(("10.0.0.1", "2001:db8::2"), (first.Environment["VLLM_HOST_IP"], second.Environment["VLLM_HOST_IP"]));
        Assert.Equal(LaunchCommandBuilder.Build(config, null).Arguments, first.Arguments); // What 'llmops start' would run here.
    }

    [Fact]
    public void A_Ray_cluster_is_joined_by_all_and_serves_from_the_first()
    {
        ServerConfig config = Plan(request => request with { Cluster = "ray", Addresses = ["10.0.0.1", "10.0.0.2"] }, Machines.Of("alpha", 2), Machines.Of("beta", 2));
        IReadOnlyList<HostCommands> hosts = ClusterCommands.Of(config, null);

        Assert.Equal(["start", "--head", "--node-ip-address", "10.0.0.1", "--port", "6379", "--num-gpus", "2"], hosts[0].Commands[0].Arguments);
        Assert.Equal("ray", Value(hosts[0].Commands[1], "--distributed-executor-backend"));
        Assert.DoesNotContain("--nnodes", hosts[0].Commands[1].Arguments);
        LaunchCommand worker = Assert.Single(hosts[1].Commands);
        Assert.Equal(("ray", "start --address 10.0.0.1:6379 --node-ip-address 10.0.0.2 --num-gpus 2 --block"), (worker.File, string.Join(' ', worker.Arguments)));
        Assert.Equal("10.0.0.2", worker.Environment["VLLM_HOST_IP"]);
    }

    [Fact]
    public void The_manifest_lets_Kubernetes_say_who_is_who()
    {
        ServerConfig config = Plan(request => request with { Cluster = "kubernetes", Name = "Llama.70B" }, Machines.Of("alpha", 2), Machines.Of("beta", 2));
        YamlStream stream = [];
        stream.Load(new StringReader(LeaderWorkerSet.Of(config, null)));
        YamlMappingNode set = (YamlMappingNode)stream.Documents[0].RootNode;
        YamlNode template = set["spec"]["leaderWorkerTemplate"];
        string[] worker = Arguments(template["workerTemplate"]);

        Assert.Equal(("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet", "llama-70b"), (Text(set["apiVersion"]), Text(set["kind"]), Text(set["metadata"]["name"])));
        Assert.Equal("2", Text(template["size"]));
        Assert.Equal("vllm/vllm-openai:v" + VllmVersion.Newest, Text(Container(template["leaderTemplate"])["image"]));
        Assert.Equal("2", Text(Container(template["leaderTemplate"])["resources"]["limits"]["nvidia.com/gpu"]));
        Assert.Equal("0", After(Arguments(template["leaderTemplate"]), "--node-rank"));
        Assert.Equal(("$(LWS_WORKER_INDEX)", "$(LWS_LEADER_ADDRESS)", "$(LWS_GROUP_SIZE)"), (After(worker, "--node-rank"), After(worker, "--master-addr"), After(worker, "--nnodes")));
        Assert.Contains("--headless", worker);
        Assert.DoesNotContain("CUDA_VISIBLE_DEVICES", LeaderWorkerSet.Of(config, null), StringComparison.Ordinal); // The device plugin decides.
        Assert.Equal("leader", Text(stream.Documents[1].RootNode["spec"]["selector"]["role"]));
    }

    [Fact]
    public void What_is_written_to_YAML_comes_back_with_its_machines()
    {
        ServerConfig config = Plan(request => request with { Addresses = ["10.0.0.1", "10.0.0.2"] }, Machines.Of("alpha", 2), Machines.Of("beta", 2));
        string yaml = ServerConfigFile.ToYaml(config);
        ServerConfig again = ServerConfigFile.Parse(yaml, "test");

        Assert.Equal(yaml, ServerConfigFile.ToYaml(again));
        Assert.Equal(ClusterScript.Of(config, null), ClusterScript.Of(again, null));
    }

    [Theory]
    [InlineData("uneven", "HostsUneven")]
    [InlineData("twice", "HostGivenTwice")]
    [InlineData("address twice", "HostGivenTwice")]
    [InlineData("nameless", "AddressUnknown")]
    [InlineData("no card", "NoGpuForEngine")]
    public void Machines_that_do_not_go_together_are_refused_by_name(string how, string errorId)
    {
        GpuTopology alpha = Machines.Of("alpha", 2);
        GpuTopology other = how switch
        {
            "uneven" => Machines.Of("beta", 2, "NVIDIA GeForce RTX 3090", 24, "8.6"),
            "twice" => alpha,
            "nameless" => Machines.Of(null, 2),
            "no card" => Machines.Of("beta", 0),
            _ => Machines.Of("beta", 2),
        };

        LlmOpsException error = Assert.Throws<LlmOpsException>(() => Plan(request => how == "address twice" ? request with { Addresses = ["10.0.0.1", "10.0.0.1"] } : request, alpha, other));

        Assert.Equal(errorId, error.ErrorId);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Theory]
    [InlineData("tensor-parallel-size", "4", "TensorParallelInvalid")] // more than a machine has
    [InlineData("tensor-parallel-size", "3", "TensorParallelInvalid")] // does not divide the heads either
    [InlineData("pipeline-parallel-size", "3", "PipelineParallelInvalid")]
    public void Pins_that_two_machines_cannot_keep_are_refused(string flag, string value, string errorId) =>
        Assert.Equal(errorId, Assert.Throws<LlmOpsException>(() => Plan(request => request with { Pins = new Dictionary<string, string> { [flag] = value } }, Machines.Of("alpha", 2), Machines.Of("beta", 2))).ErrorId);

    [Fact]
    public void A_model_of_fewer_layers_than_machines_is_refused()
    {
        LlmOpsException error = Assert.Throws<LlmOpsException>(() => Plan("one-layer", KnownShapes.Llama8B with { Layers = 1 }, request => request, Machines.Of("alpha", 1), Machines.Of("beta", 1)));

        Assert.Equal("PipelineParallelInvalid", error.ErrorId);
        Assert.Contains("1 layer(s) cannot be cut into 2 stages", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Machines_with_more_cards_than_the_others_leave_them_and_the_weakest_decides()
    {
        GpuTopology beta = Machines.Of("beta", 4);
        beta = beta with { Gpus = [.. beta.Gpus.Select(gpu => gpu with { MemoryFreeBytes = (gpu.Index == 2 ? 60 : 70) * LlmOps.Bytes.GiB })] };

        ServerConfig config = Plan(Machines.Of("alpha", 2), beta);

        Assert.Equal(4, config.Plan!.Devices.Count);
        Assert.Equal("0,1", ClusterCommands.Of(config, null)[1].Commands[0].Environment["CUDA_VISIBLE_DEVICES"]);
        Assert.Contains(Decision(config, "hosts").Alternatives, text => text.Contains("2 more of beta", StringComparison.Ordinal));
        Assert.True(config.Options.Get(VllmOptions.GpuMemoryUtilization) < 0.88, "70 of 80 GiB are free on one machine, so no machine may take more");
    }

    [Fact]
    public void Sums_go_through_NCCL_everywhere_when_one_machine_has_no_peer_access()
    {
        ServerConfig config = Plan(Machines.Of("alpha", 2), Machines.Of("beta", 2, peers: false));

        Assert.True(config.Options.Get(VllmOptions.DisableCustomAllReduce));
        Assert.Contains("beta", Decision(config, "disableCustomAllReduce").Reason, StringComparison.Ordinal);
        Assert.Equal([false, true], ClusterCommands.Of(config, null).Select(host => host.Commands[0].Environment.ContainsKey("NCCL_P2P_DISABLE")));
    }

    [Fact]
    public void Whoever_asks_for_two_machines_is_told_when_one_would_do()
    {
        ServerConfig config = Plan("small", KnownShapes.Llama8B, request => request, Machines.Of("alpha", 1), Machines.Of("beta", 1));

        Assert.Contains(Decision(config, "hosts").Alternatives, text => text.StartsWith("alpha alone: it holds the model", StringComparison.Ordinal));
    }

    [Fact]
    public void A_version_without_a_launch_of_its_own_takes_Ray()
    {
        ServerConfig config = Plan(request => request with { EngineVersion = "0.11.0" }, Machines.Of("alpha", 2), Machines.Of("beta", 2));

        Assert.Equal("ray", config.Cluster!.Form);
        Assert.Equal("ClusterFormUnsupported", Assert.Throws<LlmOpsException>(() => Plan(request => request with { EngineVersion = "0.11.0", Cluster = "native" }, Machines.Of("alpha", 2), Machines.Of("beta", 2))).ErrorId);
    }

    private ServerConfig Plan(params GpuTopology[] machines) => Plan(request => request, machines);

    private ServerConfig Plan(Func<PlanRequest, PlanRequest> change, params GpuTopology[] machines) => Plan("Llama-70B", s_seventy, change, machines);

    private ServerConfig Plan(string name, ShapedFolder shape, Func<PlanRequest, PlanRequest> change, params GpuTopology[] machines) =>
        s_planner.Plan(change(new PlanRequest { Model = ModelReader.Read(shape.Write(_folder.PathOf(name))), Topology = machines[0], OtherHosts = machines[1..] }));

    private static Decision Decision(ServerConfig config, string option) => config.Decisions.First(decision => decision.Option == option);

    private static string Value(LaunchCommand command, string flag) => After([.. command.Arguments], flag);

    private static string After(string[] arguments, string flag) => arguments[Array.IndexOf(arguments, flag) + 1];

    private static YamlNode Container(YamlNode template) => template["spec"]["containers"][0];

    private static string[] Arguments(YamlNode template) => [.. ((YamlSequenceNode)Container(template)["args"]).Select(Text)];

    private static string Text(YamlNode node) => ((YamlScalarNode)node).Value!;
}
