using System.Text.Json;

namespace LlmOps.Cli.Tests;

/// <summary>Several topologies make one plan with a command for each machine.</summary>
public sealed class ClusterPlanTests : IDisposable
{
    private readonly Sandbox _sandbox = new();
    private readonly string _alpha;
    private readonly string _beta;
    private readonly string _model;

    public ClusterPlanTests()
    {
        _alpha = _sandbox.WriteFile("alpha.json", Topology("alpha"));
        _beta = _sandbox.WriteFile("beta.json", Topology("beta"));
        _model = _sandbox.WriteModelFolder("Tiny-1.5B");
    }

    public void Dispose() => _sandbox.Dispose();

    [Fact]
    public async Task Json_has_the_command_of_each_machine()
    {
        Outcome outcome = await _sandbox.RunAsync("plan", "--model", _model, "--topology", _alpha, "--topology", _beta, "--address", "10.0.0.1", "--address", "10.0.0.2", "--json");

        Assert.Equal((0, string.Empty), (outcome.ExitCode, outcome.Error));
        JsonElement cluster = outcome.Json.GetProperty("cluster");
        JsonElement[] hosts = [.. cluster.GetProperty("hosts").EnumerateArray()];
        Assert.Equal("native", cluster.GetProperty("form").GetString());
        Assert.Equal(["main", "worker"], hosts.Select(host => host.GetProperty("role").GetString()));
        Assert.Equal(["10.0.0.1", "10.0.0.2"], hosts.Select(host => host.GetProperty("address").GetString()));
        string?[] worker = Arguments(hosts[1].GetProperty("commands")[0]);
        Assert.Equal("1", worker[Array.IndexOf(worker, "--node-rank") + 1]);
        Assert.Contains("--headless", worker);
        Assert.Equal(Arguments(outcome.Json.GetProperty("command")), Arguments(hosts[0].GetProperty("commands")[0]));
        Assert.Equal(outcome.Json.GetProperty("devices").EnumerateArray().Select(device => device.GetProperty("name").GetString()), outcome.Json.GetProperty("plan").GetProperty("devices").EnumerateArray().Select(device => device.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task A_script_has_a_part_for_each_machine_and_the_manifest_for_Kubernetes()
    {
        string[] plan = ["plan", "--model", _model, "--topology", _alpha, "--topology", _beta, "--script"];
        Outcome script = await _sandbox.RunAsync(plan);
        Outcome ray = await _sandbox.RunAsync([.. plan, "--cluster", "ray"]);
        Outcome manifest = await _sandbox.RunAsync([.. plan, "--cluster", "kubernetes"]);

        Assert.Equal((0, 0, 0), (script.ExitCode, ray.ExitCode, manifest.ExitCode));
        Assert.Contains("\nbeta)\n", script.Output, StringComparison.Ordinal);
        Assert.Contains("--master-addr alpha", script.Output, StringComparison.Ordinal);
        Assert.Contains("--address alpha:6379", ray.Output, StringComparison.Ordinal);
        Assert.Contains("kind: LeaderWorkerSet", manifest.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_for_several_machines_is_refused_for_one()
    {
        Outcome form = await _sandbox.RunAsync("plan", "--model", _model, "--topology", _alpha, "--cluster", "ray");
        Outcome script = await _sandbox.RunAsync("plan", "--model", _model, "--topology", _alpha, "--script");
        Outcome twice = await _sandbox.RunAsync("plan", "--model", _model, "--topology", _alpha, "--topology", _alpha);

        Assert.Equal((2, 2, 2), (form.ExitCode, script.ExitCode, twice.ExitCode));
        Assert.Contains("several machines", form.Error, StringComparison.Ordinal);
        Assert.Contains("is for one machine", script.Error, StringComparison.Ordinal);
        Assert.Contains("both have the GPU GPU-alpha-0", twice.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_configuration_for_pods_is_not_started_here()
    {
        Outcome plan = await _sandbox.RunAsync("plan", "--model", _model, "--topology", _alpha, "--topology", _beta, "--cluster", "kubernetes", "--yaml");
        string file = _sandbox.WriteFile("pods.yaml", plan.Output);

        Outcome start = await _sandbox.RunAsync("start", file);

        Assert.Equal(2, start.ExitCode);
        Assert.Contains("kubectl", start.Error, StringComparison.Ordinal);
    }

    private static string?[] Arguments(JsonElement command) => [.. command.GetProperty("arguments").EnumerateArray().Select(argument => argument.GetString())];

    private static string Topology(string name) => $$"""
        { "capturedAt": "2026-11-21T09:00:00Z", "source": "nvml",
          "host": { "name": "{{name}}", "os": "Ubuntu 24.04 LTS", "cpu": { "physicalCores": 16, "logicalCores": 32 }, "memory": { "totalBytes": 137438953472, "availableBytes": 130000000000 } },
          "gpus": [ { "index": 0, "cudaIndex": 0, "uuid": "GPU-{{name}}-0", "vendor": "nvidia", "name": "NVIDIA GeForce RTX 3090", "computeCapability": "8.6", "memoryTotalBytes": 25769803776, "memoryFreeBytes": 25000000000 } ],
          "links": [] }
        """;
}
