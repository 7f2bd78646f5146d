using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Planning;
using LlmOps.Servers;

namespace LlmOps.Integration.Tests;

/// <summary>Whether the model really is where the plan puts it, with a real llama-server on two software Vulkan devices.</summary>
public sealed class OffloadTests(RealEngine real) : IClassFixture<RealEngine>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_two_devices_hold_is_read_and_held_against_the_plan()
    {
        EngineCapabilities engine = await VulkanAsync("two-devices", "0,0");
        await using ServerHarness servers = new(real);
        ServerConfig config = Config("offloaded", servers, engine) with
        {
            Plan = new MemoryPlan
            {
                Devices =
                [
                    new DeviceMemory { Name = "Vulkan0", WeightsBytes = 8L << 20, KvCacheBytes = 6L << 20, ComputeBytes = 20L << 20 },
                    new DeviceMemory { Name = "Vulkan1", WeightsBytes = 2L << 20, KvCacheBytes = 2L << 20, ComputeBytes = 12L << 20 },
                ],
            },
        };

        LlmServer server = await StartAsync(servers, config, engine);

        Assert.Equal((ServerState.Ready, server.LayerCount), (server.State, server.OffloadedLayers));
        Assert.Equal(["Vulkan0", "Vulkan1", "Host"], server.PlanAccuracy.Select(device => device.Device));
        Assert.All(server.PlanAccuracy.Take(2), device => Assert.True(device is { WeightsBytes: > 0, KvCacheBytes: > 0, ComputeBytes: > 0, PlannedBytes: > 0, ErrorPercent: not null }, device.ToString()));
        Assert.DoesNotContain(server.Warnings, warning => warning.Contains("layers", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_server_that_silently_computes_on_the_processor_is_a_failure_of_its_own()
    {
        EngineCapabilities two = await VulkanAsync("two-devices", "0,0");
        EngineCapabilities blind = await VulkanAsync("no-device", string.Empty);
        await using ServerHarness servers = new(real);

        // An engine that cannot be told its devices takes what it finds; here it finds none, and says so only in its log.
        EngineCapabilities withoutDeviceFlag = blind with { Flags = [.. blind.Flags.Where(flag => !flag.Names.Contains("--device"))] };
        ServerConfig config = Config("fallen", servers, two) with { EnginePath = blind.Path };

        ServerFailedException error = await Assert.ThrowsAsync<ServerFailedException>(() => StartAsync(servers, config, withoutDeviceFlag));

        Assert.Equal(("ServerFellBackToCpu", "llamacpp.cpu-fallback"), (error.ErrorId, error.Server.FaultId));
        Assert.Contains("the model should be on Vulkan0, Vulkan1", error.Message, StringComparison.Ordinal);
        Assert.Contains(error.Findings, finding => finding.Id == "llamacpp.cpu-fallback");
        Assert.Null(servers.Registry.Find("fallen")!.Pid);
    }

    [Fact]
    public async Task A_device_that_is_gone_is_named_when_the_engine_was_told_of_it()
    {
        EngineCapabilities two = await VulkanAsync("two-devices", "0,0");
        EngineCapabilities one = await VulkanAsync("one-device", "0");
        await using ServerHarness servers = new(real);
        ServerConfig config = Config("gone", servers, two) with { EnginePath = one.Path };

        ServerFailedException error = await Assert.ThrowsAsync<ServerFailedException>(() => StartAsync(servers, config, one));

        Assert.Equal("llamacpp.device-unknown", error.Findings[0].Id);
    }

    [Fact]
    public async Task Fewer_layers_than_planned_and_a_shorter_context_than_asked_are_warned_of()
    {
        EngineCapabilities engine = await VulkanAsync("two-devices", "0,0");
        await using ServerHarness servers = new(real);
        ServerConfig config = Config("short", servers, engine);
        LaunchCommand command = LaunchCommandBuilder.Build(config, engine);
        LlmServer server = await new ServerStarter(servers.Registry, SupervisorCommand.Find()).StartAsync(
            new StartRequest { Config = config, Command = command with { Arguments = [.. command.Arguments, "--n-gpu-layers", "2", "--ctx-size", "512"] }, Timeout = TimeSpan.FromSeconds(100) }, null, Token);

        Assert.Equal(
            ["only 2 of 5 layers are on GPUs; 5 were planned", "each slot has 512 tokens of context; 2048 were asked for"],
            server.Warnings.Where(warning => !warning.Contains("holds nothing", StringComparison.Ordinal)));
    }

    // The warm-up takes software devices 14 s, and shows nothing here.
    private static ServerConfig Config(string name, ServerHarness servers, EngineCapabilities engine)
    {
        ServerConfig planned = servers.Plan(name, pins: ("warmup", "false"));
        return planned with
        {
            EnginePath = engine.Path,
            Devices = [new ConfigDevice { Name = "Vulkan0" }, new ConfigDevice { Name = "Vulkan1" }],
            Options = planned.Options.With("gpuLayers", 99L).With("contextLength", 2048L).With("parallel", 1L).With("kvUnified", false),
            Plan = null,
        };
    }

    private static Task<LlmServer> StartAsync(ServerHarness servers, ServerConfig config, EngineCapabilities engine) =>
        new ServerStarter(servers.Registry, SupervisorCommand.Find()).StartAsync(
            new StartRequest { Config = config, Command = LaunchCommandBuilder.Build(config, engine), Timeout = TimeSpan.FromSeconds(100) }, null, Token);

    private async Task<EngineCapabilities> VulkanAsync(string name, string visible)
    {
        _ = real.Engine;
        string? engine = Environment.GetEnvironmentVariable("LLMOPS_TEST_VULKAN_ENGINE") is { Length: > 0 } named ? named : Installed();
        Assert.SkipWhen(engine is null, "no llama-server with Vulkan: install one into ~/.cache/llmops-vulkan (packages libggml0-backend-vulkan, mesa-vulkan-drivers), or name it by LLMOPS_TEST_VULKAN_ENGINE");
        string script = Path.Combine(real.Folder, name);
        if (!File.Exists(script))
        {
            await File.WriteAllTextAsync(script, $"#!/bin/sh\nexport GGML_VK_VISIBLE_DEVICES={visible}\nexec {engine} \"$@\"\n", Token);
            File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return await new EngineLocator(new EngineLocatorOptions { CacheFolder = Path.Combine(real.Folder, "cache") }).RequireAsync(script, Token);
    }

    private static string? Installed()
    {
        string folder = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "llmops-vulkan", "engines", "llama.cpp");
        return Directory.Exists(folder)
            ? Directory.EnumerateDirectories(folder, "*vulkan*").Select(found => Path.Combine(found, "bin", "llama-server")).FirstOrDefault(File.Exists)
            : null;
    }
}
