using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.Versioning;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Servers;

namespace LlmOps.Tests.Servers;

/// <summary>Servers of vLLM under real supervisors; vLLM itself is a stand-in.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class VllmServerTests : IAsyncLifetime
{
    private const int Patient = 60;

    private readonly VllmLab _lab = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_start_shows_vllms_phases_and_the_server_has_its_figures()
    {
        Seen seen = new();
        ServerConfig config = await _lab.ConfigAsync("a", Patient, ("VLLM_LOG_STATS_INTERVAL", "0.2"));
        LlmServer server = await _lab.StartAsync(config, seen);

        string[] activities = [.. seen.Activities];
        string[] expected =
        [
            "starting vLLM", "reading the model's configuration", "starting the engine's processes", "connecting the GPUs", "loading the weights",
            "loading the weights, 1 of 3 shards", "loading the weights, 3 of 3 shards", "loading the drafter", "loading the drafter, 3 of 3 shards", "compiling",
            "measuring what a full step takes", "allocating the KV pool", "capturing CUDA graphs", "opening the port", "ready",
        ];
        Assert.Equal(expected, expected.Where(activities.Contains).OrderBy(activity => Array.IndexOf(activities, activity)));
        Assert.Contains(("capturing CUDA graphs", 1.0), seen.Fractions);

        Assert.Equal((ServerState.Ready, 4096L), (server.State, server.ContextLength));
        EngineFigures figures = server.Figures!;
        Assert.Equal(("0.21.0", "FLASHINFER"), (figures.Version, figures.AttentionBackend));
        Assert.Equal(3 * 524288 / 2d, figures.WeightsBytes!.Value, 200_000d); // The log rounds to a ten-thousandth of a GiB.
        Assert.Equal(22 * 0.92 - 1, figures.KvCacheBytes!.Value / (double)Bytes.GiB, 2);
        Assert.Equal(figures.KvCacheTokens!.Value / 4096d, figures.MaxConcurrency!.Value, 2);
        Assert.Equal((4096L, 9.38, 2.0), (figures.RequestTokens, figures.CompileSeconds, figures.GraphSeconds));

        Assert.Equal(["CUDA0", "CUDA1"], server.PlanAccuracy.Select(device => device.Device));
        Assert.All(server.PlanAccuracy, device => Assert.InRange(device.ErrorPercent!.Value, 0, 10));
        Assert.Equal([$"the KV pool holds {figures.KvCacheTokens} tokens; 1000000000 were planned"], server.Warnings);
        MeasuredLoads loads = MeasuredLoads.Beside(_lab.Registry.Folder);
        await ServerLab.Until(() => loads.OfModel(config.Model).Count == 1);
        Assert.Equal(figures with { Throughput = null, Speculation = null }, loads.OfModel(config.Model)[0].Figures! with { Throughput = null, Speculation = null });
        Assert.DoesNotContain("serve", loads.OfModel(config.Model)[0].Arguments);
    }

    [Fact]
    public async Task What_it_delivers_is_on_the_server_object()
    {
        LlmServer server = await _lab.StartAsync(await _lab.ConfigAsync("a", Patient, ("VLLM_LOG_STATS_INTERVAL", "0.2"), ("VLLM_STAND_IN_STEP_MS", "1")));
        using HttpClient client = new() { BaseAddress = server.Endpoint };
        using HttpResponseMessage answer = await client.PostAsync(new Uri("/v1/completions", UriKind.Relative), Json("""{"prompt":"hello world, hello again","max_tokens":400,"ignore_eos":true}"""), Stop);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);

        await ServerLab.Until(() => _lab.Registry.Require("a").Figures is { Throughput.Running: 0, Speculation: not null });

        EngineFigures figures = _lab.Registry.Require("a").Figures!;
        Assert.NotNull(figures.KvCacheTokens);
        Assert.Equal(3, figures.Speculation!.PositionAcceptanceRates.Count);
        Assert.Equal(figures.Speculation.PositionAcceptanceRates.OrderDescending(), figures.Speculation.PositionAcceptanceRates);
        Assert.Equal(1 + figures.Speculation.PositionAcceptanceRates.Sum(), figures.Speculation.MeanAcceptanceLength, tolerance: 0.05); // the log gives two decimals of each
        Assert.Equal(figures.Speculation.PositionAcceptanceRates.Average(), figures.Speculation.AcceptanceRate, 2);
    }

    [Theory]
    [InlineData("stall")]
    [InlineData("stall-with-notices")]
    public async Task Silence_and_notices_without_work_are_a_standstill(string way)
    {
        ServerConfig config = await _lab.ConfigAsync("a", stallSeconds: 3, ("VLLM_STAND_IN_FAIL", way));

        ServerFailedException problem = await Assert.ThrowsAsync<ServerFailedException>(() => _lab.StartAsync(config));

        Assert.Equal("ServerStalled", problem.ErrorId);
        Assert.Contains("while compiling", problem.Message, StringComparison.Ordinal);
        Assert.Equal(way == "stall-with-notices", problem.Message.Contains("NCCL_P2P_DISABLE=1", StringComparison.Ordinal));
        Assert.Equal(ServerState.Stopped, _lab.Registry.Require("a").State);
    }

    [Fact]
    public async Task Notices_while_another_process_compiles_are_no_fault()
    {
        // Eight notices, half a stall apart: without the compiling process, its work would be missed after the second.
        ServerConfig config = await _lab.ConfigAsync("a", stallSeconds: 3, ("VLLM_STAND_IN_FAIL", "slow-compile"), ("VLLM_STAND_IN_NOTICE_SECONDS", "0.7"));

        LlmServer server = await _lab.StartAsync(config);

        Assert.Equal((ServerState.Ready, null), (server.State, server.FaultId));
        Assert.Contains(ServerLog.Tail(server, 500), line => line.Contains("No available shared memory broadcast block", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_engine_that_dies_under_a_request_ends_the_server_with_its_cause()
    {
        LlmServer server = await _lab.StartAsync(await _lab.ConfigAsync("a", Patient, ("VLLM_STAND_IN_FAIL", "engine-died")));
        using HttpClient client = new() { BaseAddress = server.Endpoint };
        using HttpResponseMessage answer = await client.PostAsync(new Uri("/v1/completions", UriKind.Relative), Json("""{"prompt":"x","max_tokens":4}"""), Stop);
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);

        await ServerLab.Until(() => _lab.Registry.Require("a").State == ServerState.Failed);

        LlmServer ended = _lab.Registry.Require("a");
        Assert.Equal(("cuda.illegal-access", 1), (ended.FaultId, ended.ExitCode));
        Assert.Contains("after it was ready", ended.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_reaches_vllm_by_its_environment_and_is_written_nowhere()
    {
        string key = _lab.PathOf("key");
        await File.WriteAllTextAsync(key, "\nsk-correct-horse-battery\n", Stop);
        File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        ServerConfig config = await _lab.ConfigAsync("a", Patient);

        LlmServer server = await _lab.StartAsync(config with { Endpoint = config.Endpoint with { ApiKeyFile = key } });

        Assert.Equal(4096, server.ContextLength); // Asked with the key, which /v1/models wants.
        using HttpClient client = new() { BaseAddress = server.Endpoint };
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync(new Uri("/v1/models", UriKind.Relative), Stop)).StatusCode);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "sk-correct-horse-battery");
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(new Uri("/v1/models", UriKind.Relative), Stop)).StatusCode);
        Assert.DoesNotContain("horse", await File.ReadAllTextAsync($"/proc/{server.Pid}/cmdline", Stop), StringComparison.Ordinal);
        Assert.DoesNotContain("horse", await File.ReadAllTextAsync($"/proc/{server.SupervisorPid}/environ", Stop), StringComparison.Ordinal);
        foreach (string file in Directory.EnumerateFiles(_lab.Registry.FolderOf("a").Path))
        {
            Assert.DoesNotContain("horse", await File.ReadAllTextAsync(file, Stop), StringComparison.Ordinal);
        }

        await File.WriteAllTextAsync(key, "sk-another-one-now\n", Stop);
        LlmServer again = await _lab.Controller.RestartAsync("a", SupervisorInTests.Command, TimeSpan.FromSeconds(60), null, Stop);
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync(new Uri(again.Endpoint, "/v1/models"), Stop)).StatusCode);
        Assert.Equal(4096, again.ContextLength);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _lab.DisposeAsync();

    private static StringContent Json(string text) => new(text, System.Text.Encoding.UTF8, "application/json");

    private sealed class Seen : IProgress<StartProgress>
    {
        public ConcurrentQueue<string> Activities { get; } = [];

        public ConcurrentBag<(string Activity, double? Fraction)> Fractions { get; } = [];

        public void Report(StartProgress value)
        {
            Activities.Enqueue(value.Activity);
            Fractions.Add((value.Activity, value.Fraction));
        }
    }
}
