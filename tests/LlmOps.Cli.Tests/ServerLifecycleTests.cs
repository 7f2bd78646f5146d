using System.Text.Json;
using LlmOps.Configuration;

namespace LlmOps.Cli.Tests;

/// <summary>The commands around one server, with a real llama-server.</summary>
[Collection(RealServers.Name)]
public sealed class ServerLifecycleTests : IAsyncDisposable
{
    private readonly Sandbox _sandbox = new();

    public async ValueTask DisposeAsync()
    {
        await _sandbox.RunAsync("stop", "--all", "--grace", "2");
        _sandbox.Dispose();
    }

    [Fact]
    public async Task A_server_is_started_seen_measured_and_stopped_by_commands_that_share_nothing_but_the_registry()
    {
        RealEngine.UseIn(_sandbox);

        Outcome started = await _sandbox.RunAsync(
            "start", "--model", _sandbox.WriteModel(), "--name", "tiny", "--port", FreePorts.NextText(), "--context-length", "1024", "--parallel", "2", "--json");
        Assert.Equal((0, string.Empty), (started.ExitCode, started.Error));
        Assert.Equal("ready", started.Json.GetProperty("state").GetString());

        JsonElement host = Assert.Single(started.Json.GetProperty("planAccuracy").EnumerateArray(), device => device.GetProperty("device").GetString() == "Host");
        Assert.True(host.GetProperty("weightsBytes").GetInt64() > 0 && host.GetProperty("kvCacheBytes").GetInt64() > 0, host.ToString());
        Assert.InRange(host.GetProperty("errorPercent").GetDouble(), -10, 10);

        Outcome again = await _sandbox.RunAsync("start", "--model", _sandbox.PathOf("tiny.gguf"), "--name", "tiny");
        Assert.Equal(2, again.ExitCode);
        Assert.Contains("already", again.OneLineError(), StringComparison.Ordinal);

        JsonElement listed = Assert.Single((await _sandbox.RunAsync("ps", "--json")).Json.EnumerateArray());
        Assert.Equal("tiny", listed.GetProperty("name").GetString());
        Assert.Equal("llama.cpp", listed.GetProperty("engine").GetString());
        Assert.Equal(started.Json.GetProperty("pid").GetInt32(), listed.GetProperty("pid").GetInt32());
        Assert.StartsWith("http://127.0.0.1:", listed.GetProperty("endpoint").GetString(), StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Null, listed.GetProperty("exitCode").ValueKind);
        Assert.True(File.Exists(listed.GetProperty("logPath").GetString()));
        Assert.NotEqual(default, listed.GetProperty("startedAt").GetDateTimeOffset());

        Assert.Equal("ready", (await _sandbox.RunAsync("wait", "tiny", "--timeout", "5", "--json")).Json.GetProperty("state").GetString());
        Assert.Equal(3, (await _sandbox.RunAsync("logs", "tiny", "--tail", "3", "--json")).Json.GetArrayLength());

        Outcome measured = await _sandbox.RunAsync(
            "bench", "tiny", "--concurrency", "1,2", "--prompt-tokens", "48", "--output-tokens", "8", "--requests", "4", "--report", _sandbox.PathOf("report.md"), "--json");
        Assert.Equal(0, measured.ExitCode);
        Assert.Equal([1, 2], measured.Json.EnumerateArray().Select(point => point.GetProperty("concurrency").GetInt32()));
        Assert.All(measured.Json.EnumerateArray(), point => Assert.Equal((4, 0, 32), (
            point.GetProperty("requests").GetInt32(), point.GetProperty("errors").GetInt32(), point.GetProperty("outputTokens").GetInt32())));
        Assert.Contains("|", await File.ReadAllTextAsync(_sandbox.PathOf("report.md"), TestContext.Current.CancellationToken), StringComparison.Ordinal);

        JsonElement stopped = Assert.Single((await _sandbox.RunAsync("stop", "t*", "--json")).Json.EnumerateArray());
        Assert.Equal(("stopped", 0), (stopped.GetProperty("state").GetString(), stopped.GetProperty("exitCode").GetInt32()));
        Assert.Equal(0, stopped.GetProperty("gpuMemory").GetArrayLength()); // It was on no GPU.
        Assert.Equal(0, (await _sandbox.RunAsync("ps", "--json")).Json.GetArrayLength());
        Assert.Equal(3, (await _sandbox.RunAsync("bench", "tiny", "--json")).ExitCode);

        Assert.Equal(["tiny"], (await _sandbox.RunAsync("rm", "tiny", "--json")).Json.EnumerateArray().Select(name => name.GetString()));
        Assert.Equal(0, (await _sandbox.RunAsync("ps", "--all", "--json")).Json.GetArrayLength());
    }

    [Fact]
    public async Task A_configuration_file_starts_and_its_dry_run_shows_the_command_only()
    {
        string engine = RealEngine.UseIn(_sandbox);
        Outcome planned = await _sandbox.RunAsync("plan", "--model", _sandbox.WriteModel(), "--name", "filed", "--port", FreePorts.NextText(), "--context-length", "1024", "-o", _sandbox.PathOf("server.yaml"));
        Assert.Equal(0, planned.ExitCode);

        Outcome shown = await _sandbox.RunAsync("start", _sandbox.PathOf("server.yaml"), "--dry-run", "--json");
        Assert.Equal((0, engine), (shown.ExitCode, shown.Json.GetProperty("file").GetString()));
        Assert.Equal(0, (await _sandbox.RunAsync("ps", "--all", "--json")).Json.GetArrayLength());

        Outcome started = await _sandbox.RunAsync("start", _sandbox.PathOf("server.yaml"), "--json");
        Assert.Equal((0, "filed"), (started.ExitCode, started.Json.GetProperty("name").GetString()));

        Outcome restarted = await _sandbox.RunAsync("restart", "filed", "--json");
        Assert.Equal((0, "ready"), (restarted.ExitCode, restarted.Json.GetProperty("state").GetString()));
        Assert.NotEqual(started.Json.GetProperty("pid").GetInt32(), restarted.Json.GetProperty("pid").GetInt32());
        Assert.Equal(2, (await _sandbox.RunAsync("rm", "filed")).ExitCode);
    }

    [Fact]
    public async Task Stopping_all_stops_every_server_that_runs_and_shows_no_other()
    {
        RealEngine.UseIn(_sandbox);
        string model = _sandbox.WriteModel();
        foreach (string name in new[] { "one", "two", "three" })
        {
            Assert.Equal(0, (await _sandbox.RunAsync("start", "--model", model, "--name", name, "--port", FreePorts.NextText(), "--context-length", "1024", "--json")).ExitCode);
        }

        Assert.Equal(0, (await _sandbox.RunAsync("stop", "two")).ExitCode);
        Outcome all = await _sandbox.RunAsync("stop", "--all", "--json");

        Assert.Equal(["one", "three"], all.Json.EnumerateArray().Select(server => server.GetProperty("name").GetString()).Order());
        Assert.All(all.Json.EnumerateArray(), server => Assert.Equal(("stopped", 0), (server.GetProperty("state").GetString(), server.GetProperty("exitCode").GetInt32())));
        Assert.Equal((0, 3), ((await _sandbox.RunAsync("ps", "--json")).Json.GetArrayLength(), (await _sandbox.RunAsync("ps", "--all", "--json")).Json.GetArrayLength()));
        Assert.Equal((0, 0), (await _sandbox.RunAsync("stop", "--all", "--json") is var none ? (none.ExitCode, none.Json.GetArrayLength()) : default));
        Assert.Equal(2, (await _sandbox.RunAsync("stop", "one", "--all")).ExitCode);
    }

    [Fact]
    public async Task A_server_that_dies_while_loading_is_told_with_its_cause_and_exits_with_3()
    {
        RealEngine.UseIn(_sandbox);
        string model = _sandbox.WriteModel();
        await _sandbox.RunAsync("plan", "--model", model, "--name", "broken", "--port", FreePorts.NextText(), "-o", _sandbox.PathOf("server.yaml"));

        // The file is there but is no model any more when the engine opens it.
        ServerConfig config = ServerConfigFile.Read(_sandbox.PathOf("server.yaml"));
        _sandbox.WriteFile("tiny.gguf", "no weights here");
        ServerConfigFile.Save(config with { Restart = new RestartPolicy { Mode = RestartMode.Never } }, _sandbox.PathOf("server.yaml"));

        Outcome outcome = await _sandbox.RunAsync("start", _sandbox.PathOf("server.yaml"), "--json");

        Assert.Equal(3, outcome.ExitCode);
        Assert.Contains("broken", outcome.OneLineError(), StringComparison.Ordinal);
        Assert.Equal("failed", (await _sandbox.RunAsync("ps", "--all", "--json")).Json[0].GetProperty("state").GetString());
    }
}
