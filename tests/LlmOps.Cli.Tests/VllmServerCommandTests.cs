using System.Globalization;
using System.Text.Json;

namespace LlmOps.Cli.Tests;

/// <summary>The commands around one server of vLLM. vLLM and the driver of its cards are stand-ins; all between is real.</summary>
[Collection(RealServers.Name)]
public sealed class VllmServerCommandTests : IAsyncDisposable
{
    private readonly Sandbox _sandbox = new();

    public async ValueTask DisposeAsync()
    {
        await _sandbox.RunAsync("stop", "--all", "--grace", "2");
        _sandbox.Dispose();
    }

    [Fact]
    public async Task A_folder_is_planned_started_watched_measured_and_stopped()
    {
        await StandInDriver.InstallAsync(_sandbox, cards: 2);
        await StandInVllm.InstallAsync(_sandbox);
        _sandbox.Environment["VLLM_STAND_IN_STEP_MS"] = "2";
        string key = _sandbox.WriteFile("key", "a-key-for-vllm\n");
        File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        string[] start =
        [
            "start", "--model", StandInVllm.WriteModel(_sandbox), "--name", "v", "--port", FreePorts.NextText(), "--api-key-file", key,
            "--set", "tensor-parallel-size=2", "--set", """speculative-config={"method":"ngram","num_speculative_tokens":3}""", "--set", "reasoning-parser=qwen3",
        ];

        Outcome shown = await _sandbox.RunAsync([.. start, "--dry-run"]);
        Assert.StartsWith($"VLLM_API_KEY=\"$(head -n 1 {key})\"", shown.Output, StringComparison.Ordinal);
        Outcome started = await _sandbox.RunAsync([.. start, "--json"]);

        Assert.Equal((0, string.Empty), (started.ExitCode, started.Error));
        Assert.Equal(("ready", "vllm", 8192), (started.Json.GetProperty("state").GetString(), started.Json.GetProperty("engine").GetString(), started.Json.GetProperty("contextLength").GetInt32()));
        JsonElement figures = started.Json.GetProperty("figures");
        Assert.Equal("0.21.0", figures.GetProperty("version").GetString());
        Assert.True(figures.GetProperty("kvCacheTokens").GetInt64() > 8192);
        Assert.Equal(["CUDA0", "CUDA1"], started.Json.GetProperty("planAccuracy").EnumerateArray().Select(device => device.GetProperty("device").GetString()));

        Outcome measured = await _sandbox.RunAsync("bench", "v", "--concurrency", "2", "--prompt-tokens", "300", "--output-tokens", "64", "--requests", "8", "--shared-prefix-tokens", "200", "--count-chunk-tokens", "--json");
        Assert.Equal(0, measured.ExitCode);
        JsonElement point = Assert.Single(measured.Json.EnumerateArray());
        Assert.Equal((8, 0, 512), (point.GetProperty("requests").GetInt32(), point.GetProperty("errors").GetInt32(), point.GetProperty("outputTokens").GetInt32()));
        JsonElement server = point.GetProperty("observation").GetProperty("server");
        Assert.Equal(512, server.GetProperty("outputTokens").GetInt32());
        Assert.Equal(2400, server.GetProperty("promptTokens").GetInt32() + server.GetProperty("cachedPromptTokens").GetInt32());
        Assert.InRange(server.GetProperty("cachedPromptTokens").GetInt32(), 7 * 176, 8 * 208); // In blocks of 16.
        Assert.InRange(server.GetProperty("acceptanceLength").GetDouble(), 3.2, 3.6); // 1 + 0.89 + 0.80 + 0.72
        Assert.True(point.GetProperty("tokensPerChunkCounted").GetBoolean());
        Assert.True(point.GetProperty("client").GetProperty("chunks").GetInt32() < 512, "several tokens come in a chunk");

        JsonElement metric = (await _sandbox.RunAsync("metrics", "v", "--json")).Json;
        Assert.True(metric.GetProperty("outputTokens").GetInt64() >= 512);
        Assert.Equal(0, metric.GetProperty("requestsRunning").GetInt32());

        JsonElement stopped = Assert.Single((await _sandbox.RunAsync("stop", "v", "--json")).Json.EnumerateArray());
        Assert.Equal(("stopped", 0), (stopped.GetProperty("state").GetString(), stopped.GetProperty("exitCode").GetInt32()));
        Assert.DoesNotContain(Directory.EnumerateFiles(_sandbox.PathOf("state"), "*", SearchOption.AllDirectories), file => File.ReadAllText(file).Contains("a-key-for-vllm", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_plugins_launcher_is_found_in_its_environment_and_started()
    {
        await StandInDriver.InstallAsync(_sandbox, cards: 2);
        await StandInVllm.InstallAsync(_sandbox, withPlugin: true, onPath: false);
        Outcome planned = await _sandbox.RunAsync(
            "plan", "--model", StandInVllm.WriteModel(_sandbox), "--topology", _sandbox.WriteFile("machine.json", SavedTopology.TwoGpus), "--launcher", "caovan-vllm-serve", "--mode", "fast",
            "--name", "plugin", "--port", FreePorts.NextText(), "-o", _sandbox.PathOf("plugin.yaml"));
        Assert.Equal(0, planned.ExitCode);

        Outcome started = await _sandbox.RunAsync("start", _sandbox.PathOf("plugin.yaml"), "--json");

        Assert.True(started.ExitCode == 0, started.Error);
        string log = (await _sandbox.RunAsync("logs", "plugin", "--tail", "200")).Output;
        Assert.Contains("[Caovan] AutoSpec", log, StringComparison.Ordinal);
        Assert.Contains("caovan_mode=fast", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_start_that_fails_says_why_and_what_to_do_in_one_line()
    {
        await StandInDriver.InstallAsync(_sandbox, cards: 2);
        await StandInVllm.InstallAsync(_sandbox);
        _sandbox.Environment["VLLM_STAND_IN_FAIL"] = "kv-too-small";

        Outcome failed = await _sandbox.RunAsync("start", "--model", StandInVllm.WriteModel(_sandbox), "--name", "v", "--port", FreePorts.NextText());

        Assert.Equal(3, failed.ExitCode);
        string[] lines = failed.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains(lines, line => line.StartsWith("llmops: ", StringComparison.Ordinal) && line.Contains("one full request does not fit into the KV cache", StringComparison.Ordinal) && line.Contains("max-model-len", StringComparison.Ordinal));
        Assert.Equal("vllm.context-too-long", (await _sandbox.RunAsync("diagnose", "v", "--json")).Json[0].GetProperty("id").GetString());
    }

    [Theory]
    [InlineData(97, "9", "was not ready within")]
    [InlineData(0, "60", "showed no sign of life")]
    public async Task Cards_that_compute_are_a_sign_of_life_while_everything_else_is_silent(int utilization, string timeout, string expected)
    {
        await StandInDriver.InstallAsync(_sandbox, cards: 2);
        await StandInVllm.InstallAsync(_sandbox);
        string driver = Path.Combine(_sandbox.PathOf("driver"), "nvml.txt");
        string answers = await File.ReadAllTextAsync(driver, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(driver, answers.Replace("utilization=4", string.Create(CultureInfo.InvariantCulture, $"utilization={utilization}"), StringComparison.Ordinal), TestContext.Current.CancellationToken);
        _sandbox.Environment["VLLM_STAND_IN_FAIL"] = "stall";
        Outcome planned = await _sandbox.RunAsync("plan", "--model", StandInVllm.WriteModel(_sandbox), "--name", "v", "--port", FreePorts.NextText(), "--yaml");
        string config = _sandbox.WriteFile("v.yaml", planned.Output.Replace("stallSeconds: 300", "stallSeconds: 3", StringComparison.Ordinal));

        Outcome failed = await _sandbox.RunAsync("start", config, "--timeout", timeout);

        Assert.Equal(3, failed.ExitCode);
        Assert.Contains(expected, failed.Error, StringComparison.Ordinal);
    }
}
