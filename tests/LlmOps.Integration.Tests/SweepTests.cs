using LlmOps.Benchmarking;
using LlmOps.Benchmarking.Comparison;
using LlmOps.Benchmarking.Judgement;
using LlmOps.Benchmarking.Metrics;
using LlmOps.Benchmarking.Observation;
using LlmOps.Benchmarking.Sweeps;
using LlmOps.Servers;

namespace LlmOps.Integration.Tests;

public sealed class SweepTests(RealEngine real) : IClassFixture<RealEngine>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_combination_is_measured_one_that_does_not_start_is_told_and_the_server_runs_in_the_end_as_before()
    {
        await using ServerHarness servers = new(real);
        LlmServer server = await servers.StartAsync(servers.Plan("swept"));
        string before = await File.ReadAllTextAsync(server.ConfigPath, Token);
        IReadOnlyList<IReadOnlyDictionary<string, string>> grid = SweepGrid.Expand([SweepGrid.Parse("ubatch-size=32,64"), SweepGrid.Parse("rope-scaling=none,no-such")], 8);

        List<SweepPoint> points = [];
        await foreach (SweepPoint point in Sweep(servers).RunAsync("swept", grid, Options(server), null, Token))
        {
            points.Add(point);
        }

        Assert.Equal(4, points.Count);
        Assert.All(points.Where(point => point.Options["rope-scaling"] == "none"), point =>
        {
            Assert.Null(point.Problem);
            ThroughputResult result = Assert.Single(point.Results);
            Assert.Equal((0, point.Options["ubatch-size"]), (result.Errors, result.SweptOptions["ubatch-size"]));
            Assert.Contains($"--ubatch-size {point.Options["ubatch-size"]}", result.Environment!.ServerCommand, StringComparison.Ordinal);
        });
        Assert.All(points.Where(point => point.Options["rope-scaling"] != "none"), point =>
        {
            Assert.Empty(point.Results);
            Assert.Contains("swept", point.Problem, StringComparison.Ordinal);
        });
        Assert.Equal([1, 2, null, null], SweepRanking.Rank(points, ComparedFigure.OutputTokensPerSecond).Select(point => point.Place));

        LlmServer after = servers.Registry.Require("swept");
        Assert.Equal((ServerState.Ready, before), (after.State, await File.ReadAllTextAsync(after.ConfigPath, Token)));
        Assert.NotEqual(server.Pid, after.Pid);
    }

    [Fact]
    public async Task Every_combination_is_planned_anew_and_one_that_does_not_fit_is_not_started()
    {
        await using ServerHarness servers = new(real);
        LlmServer server = await servers.StartAsync(servers.Plan("replanned"));
        List<SweepPoint> points = [];
        await foreach (SweepPoint point in Sweep(servers).RunAsync("replanned", SweepGrid.Expand([SweepGrid.Parse("ctx-size=512,4096,200000000")], 8), Options(server), null, Token))
        {
            points.Add(point);
        }

        Assert.Equal([null, null, false], points.Select(point => point.Problem is null ? (bool?)null : point.Results.Count > 0));
        Assert.True(points[0].PlannedBytes < points[1].PlannedBytes);
        Assert.StartsWith("not started, because it would not fit: ", points[2].Problem, StringComparison.Ordinal);
        Assert.Equal(ServerState.Ready, servers.Registry.Require("replanned").State);
    }

    [Fact]
    public async Task A_sweep_that_is_given_up_in_the_middle_gives_the_server_back_as_it_was()
    {
        await using ServerHarness servers = new(real);
        LlmServer server = await servers.StartAsync(servers.Plan("given-up"));
        string before = await File.ReadAllTextAsync(server.ConfigPath, Token);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        CancelWhenMeasuring progress = new(stop);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (SweepPoint _ in Sweep(servers).RunAsync("given-up", SweepGrid.Expand([SweepGrid.Parse("ubatch-size=32,64")], 8), Options(server), progress, stop.Token))
            {
                Assert.Fail("no point should be finished");
            }
        });

        LlmServer after = servers.Registry.Require("given-up");
        Assert.Equal((ServerState.Ready, before), (after.State, await File.ReadAllTextAsync(after.ConfigPath, Token)));
    }

    [Fact]
    public async Task An_option_that_the_engine_does_not_take_is_refused_before_the_server_is_touched()
    {
        await using ServerHarness servers = new(real);
        LlmServer server = await servers.StartAsync(servers.Plan("untouched"));
        await Assert.ThrowsAnyAsync<LlmOpsException>(async () =>
        {
            await foreach (SweepPoint _ in Sweep(servers).RunAsync("untouched", SweepGrid.Expand([SweepGrid.Parse("no-such-flag=1")], 8), Options(server), null, Token))
            {
                Assert.Fail("nothing should be measured");
            }
        });
        Assert.Equal(server.Pid, servers.Registry.Require("untouched").Pid);
    }

    [Fact]
    public async Task What_the_server_counted_and_what_the_machine_did_stand_beside_the_requests()
    {
        await using ServerHarness servers = new(real);
        LlmServer server = await servers.StartAsync(servers.Plan("seen"));
        MeasurementOptions options = MeasurementSetup.ForServer(servers.Registry, server, Token) with { Concurrency = [2], PromptTokens = 48, OutputTokens = 16, Requests = 6 };
        List<ThroughputResult> results = [];
        await foreach (ThroughputResult measured in new ThroughputMeasurement(options).RunAsync(null, Token))
        {
            results.Add(measured);
        }

        ThroughputResult result = Assert.Single(results);
        PointObservation seen = result.Observation!;
        Assert.Equal(("llama.cpp", (long?)result.OutputTokens), (seen.Server!.Engine, seen.Server.OutputTokens));
        Assert.True(seen.ServerProcessors >= 0 && seen.HostProcessors > 0 && seen.ClientSchedulingDelaySeconds >= 0);
        Assert.InRange(seen.Server.PeakKvCacheUsage!.Value, 0.001, 1); // Of the slots, because llama-server has no gauge of it.
        Assert.NotEqual(PointVerdict.NotMeasured, result.Judgement!.Verdict);
        Assert.Contains("--model", result.Environment!.ServerCommand, StringComparison.Ordinal);
        Assert.Contains(result.Environment.Facts, fact => fact.Name == "Model file" && fact.Value.StartsWith("tiny.gguf", StringComparison.Ordinal));

        ServerMetric metric = await ServerMetricReader.Of(server).ReadAsync(TimeSpan.FromMilliseconds(50), Token);
        Assert.Equal(("llama.cpp", 0, server.Slots), (metric.Engine, metric.RequestsRunning, metric.SlotCount));
        Assert.True(metric.OutputTokens >= result.OutputTokens && metric.KvCacheUsage is > 0 and <= 1);
        Assert.Empty(metric.Notes);
    }

    private static OptionSweep Sweep(ServerHarness servers) => new(servers.Registry, SupervisorCommand.Find());

    private static MeasurementOptions Options(LlmServer server) =>
        new() { Endpoint = server.Endpoint, ServerName = server.Name, PromptTokens = 48, OutputTokens = 8, Requests = 6, Warmup = 0 };

    private sealed class CancelWhenMeasuring(CancellationTokenSource stop) : IProgress<SweepProgress>
    {
        public void Report(SweepProgress value)
        {
            if (value.Measurement is { Total: > 0 })
            {
                stop.Cancel();
            }
        }
    }
}
