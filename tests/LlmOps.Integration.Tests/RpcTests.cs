using System.Net.Http.Json;
using System.Net.Sockets;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Hardware;
using LlmOps.Planning;
using LlmOps.Planning.Distributed;
using LlmOps.Processes;
using LlmOps.Servers;

namespace LlmOps.Integration.Tests;

/// <summary>Two processes serve one model: a real rpc-server lends its device to a real llama-server, as a plan for two machines says.</summary>
public sealed class RpcTests(RealEngine real) : IClassFixture<RealEngine>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_commands_of_a_plan_for_two_machines_serve_the_model()
    {
        EngineCapabilities engine = await EngineAsync();
        await using ServerHarness servers = new(real);
        ServerConfig config = new ServerPlanner().Plan(new PlanRequest
        {
            Name = "two-machines",
            Model = real.Model,
            Topology = real.Topology with { Gpus = [], Links = [] },
            OtherHosts = [new GpuTopology { Host = new HostInfo { Name = "worker" }, Gpus = [new GpuDevice { Index = 0, Name = "a processor's worth", Vendor = GpuVendor.Software, MemoryTotalBytes = 4L << 30 }] }],
            Addresses = ["127.0.0.1", "127.0.0.2"],
            ClusterPort = FreePorts.Next(),
            ContextLength = 2048,
            Port = FreePorts.Next(),
            Pins = new Dictionary<string, string> { ["warmup"] = "false" },
        }) with
        { EnginePath = engine.Path };
        HostCommands[] hosts = [.. ClusterCommands.Of(config, engine)];
        LaunchCommand worker = Assert.Single(hosts[1].Commands);

        // The plan's device is one of software; what this machine has for certain is its processor.
        string[] arguments = [.. worker.Arguments.Where(argument => argument != "--cache").Select(argument => argument == "Vulkan0" ? "CPU" : argument)];
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(Token);
        Task<ProcessResult> running = ProcessRunner.RunAsync(new ProcessRequest(Path.Combine(Path.GetDirectoryName(engine.Path)!, "ggml-rpc-server"), arguments) { Timeout = TimeSpan.FromMinutes(3) }, ending.Token);
        try
        {
            await Eventually.Is(() => Answers("127.0.0.2", config.Cluster!.Port), answers => answers, Token);
            LlmServer server = await servers.StartAsync(config, engine);

            Assert.Equal((ServerState.Ready, server.LayerCount), (server.State, server.OffloadedLayers));
            Assert.Contains(server.PlanAccuracy, device => device is { Device: "RPC0", WeightsBytes: > 0, KvCacheBytes: > 0, PlannedBytes: > 0 });
            Assert.Equal(["RPC0"], config.Devices.Select(device => device.Name));
            using HttpClient client = new() { BaseAddress = server.Endpoint };
            HttpResponseMessage answer = await client.PostAsJsonAsync("/completion", new { prompt = "a", n_predict = 4 }, Token);
            Assert.Contains("\"tokens_predicted\":4", await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
        }
        finally
        {
            await ending.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        }
    }

    private static bool Answers(string address, int port)
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Connect(address, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private async Task<EngineCapabilities> EngineAsync()
    {
        _ = real.Engine;
        string folder = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "llmops-rpc", "engines", "llama.cpp");
        string? engine = Environment.GetEnvironmentVariable("LLMOPS_TEST_RPC_ENGINE") is { Length: > 0 } named ? named
            : Directory.Exists(folder) ? Directory.EnumerateDirectories(folder, "*rpc*").Select(found => Path.Combine(found, "bin", "llama-server")).FirstOrDefault(File.Exists) : null;
        Assert.SkipWhen(engine is null, "no llama-server with RPC: install one into ~/.cache/llmops-rpc (package libggml0-backend-rpc), or name it by LLMOPS_TEST_RPC_ENGINE");
        return await new EngineLocator(new EngineLocatorOptions { CacheFolder = Path.Combine(real.Folder, "cache") }).RequireAsync(engine, Token);
    }
}
