using System.Text.Json;

namespace LlmOps.Cli.Tests;

/// <summary>Metrics, saved results, comparisons, reports and sweeps, with a real llama-server.</summary>
[Collection(RealServers.Name)]
public sealed class MeasurementCommandTests : IAsyncDisposable
{
    private readonly Sandbox _sandbox = new();

    public async ValueTask DisposeAsync()
    {
        await _sandbox.RunAsync("stop", "--all", "--grace", "2");
        _sandbox.Dispose();
    }

    [Fact]
    public async Task Results_are_saved_compared_swept_and_made_into_reports()
    {
        RealEngine.UseIn(_sandbox);
        Outcome started = await _sandbox.RunAsync("start", "--model", _sandbox.WriteModel(), "--name", "tiny", "--context-length", "1024", "--parallel", "2", "--json");
        Assert.Equal(0, started.ExitCode);
        string[] shape = ["--prompt-tokens", "48", "--output-tokens", "8", "--requests", "6", "--warmup", "0"];

        Outcome measured = await _sandbox.RunAsync(["bench", "tiny", "--concurrency", "1,2", .. shape, "--output", _sandbox.PathOf("before.json"), "--json"]);
        Assert.Equal(0, measured.ExitCode);
        using (JsonDocument saved = JsonDocument.Parse(await File.ReadAllTextAsync(_sandbox.PathOf("before.json"), TestContext.Current.CancellationToken)))
        {
            Assert.Equal(2, saved.RootElement.GetArrayLength());
            Assert.Equal(6, saved.RootElement[0].GetProperty("samples").GetArrayLength());
            Assert.Equal(48, saved.RootElement[1].GetProperty("observation").GetProperty("server").GetProperty("outputTokens").GetInt32());
        }

        // What --json printed is the same format, so that it serves as a baseline too.
        _sandbox.WriteFile("printed.json", measured.Output);
        Outcome again = await _sandbox.RunAsync(["bench", "tiny", "--concurrency", "1,4", .. shape, "--baseline", _sandbox.PathOf("printed.json"), "--output", _sandbox.PathOf("after.json"), "--report", _sandbox.PathOf("report.html")]);
        Assert.Equal(0, again.ExitCode);
        Assert.Contains("95 % interval", again.Output, StringComparison.Ordinal);
        Assert.Contains("the baseline has no such load", again.Output, StringComparison.Ordinal);
        Assert.StartsWith("<!doctype html>", await File.ReadAllTextAsync(_sandbox.PathOf("report.html"), TestContext.Current.CancellationToken), StringComparison.Ordinal);

        JsonElement differences = (await _sandbox.RunAsync("compare", _sandbox.PathOf("before.json"), _sandbox.PathOf("after.json"), "--json")).Json;
        Assert.Contains(differences.EnumerateArray(), difference => difference.GetProperty("figure").GetString() == "Ttft" && difference.GetProperty("lowPercent").ValueKind == JsonValueKind.Number);

        JsonElement metrics = (await _sandbox.RunAsync("metrics", "tiny", "--interval", "0.1", "--json")).Json;
        Assert.Equal(("llama.cpp", 2, 0), (metrics.GetProperty("engine").GetString(), metrics.GetProperty("slotCount").GetInt32(), metrics.GetProperty("requestsRunning").GetInt32()));
        Outcome watched = await _sandbox.RunAsync("metrics", started.Json.GetProperty("endpoint").GetString()!, "--interval", "0.1", "--count", "2", "--json");
        Assert.Equal(2, watched.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line)).Count());

        Outcome swept = await _sandbox.RunAsync(["bench", "tiny", .. shape, "--sweep", "ubatch-size=32,64", "--output", _sandbox.PathOf("sweep.json"), "--json"]);
        Assert.Equal(0, swept.ExitCode);
        Assert.Equal([1, 2], swept.Json.EnumerateArray().Select(point => point.GetProperty("place").GetInt32()));
        Assert.Equal("ready", Assert.Single((await _sandbox.RunAsync("ps", "--json")).Json.EnumerateArray()).GetProperty("state").GetString());

        foreach ((string flag, string begin) in new[] { ("--html", "<!doctype html>"), ("--markdown", "# Throughput of tiny"), ("--csv", "server,endpoint,model"), ("--request-csv", "server,load,measuredAt"), ("--json", "[") })
        {
            Outcome report = await _sandbox.RunAsync("report", _sandbox.PathOf("sweep.json"), flag);
            Assert.Equal((0, string.Empty), (report.ExitCode, report.Error));
            Assert.StartsWith(begin, report.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_cannot_be_done_is_said_in_one_line()
    {
        Assert.Equal(2, (await _sandbox.RunAsync("report", "missing.json")).ExitCode);
        Assert.Contains("missing.json do not exist", (await _sandbox.RunAsync("report", "missing.json", "--html")).OneLineError(), StringComparison.Ordinal);
        Assert.Contains("cannot be used", (await _sandbox.RunAsync("compare", _sandbox.WriteFile("a.json", "{}"), "b.json")).OneLineError(), StringComparison.Ordinal);
        Assert.Contains("name one form", (await _sandbox.RunAsync("report", "a.json", "--html", "--csv")).OneLineError(), StringComparison.Ordinal);
        Assert.Contains("is not a sweep", (await _sandbox.RunAsync("bench", "http://127.0.0.1:9", "--sweep", "nothing")).OneLineError(), StringComparison.Ordinal);
        Assert.Contains("takes the name of one that llmops started", (await _sandbox.RunAsync("bench", "http://127.0.0.1:9", "--sweep", "a=1,2")).OneLineError(), StringComparison.Ordinal);
        Outcome unreachable = await _sandbox.RunAsync("metrics", "http://127.0.0.1:9");
        Assert.Equal(3, unreachable.ExitCode);
        Assert.Contains("connection refused", unreachable.OneLineError(), StringComparison.Ordinal);
    }
}
