using System.Globalization;
using LlmOps.Benchmarking;
using LlmOps.Benchmarking.Observation;
using LlmOps.Core.Tests.Benchmarking.Metrics;
using LlmOps.Core.Tests.Hardware;
using LlmOps.Hardware;

namespace LlmOps.Core.Tests.Benchmarking.Observation;

public sealed class PointObserverTests : IAsyncDisposable
{
    private readonly StandInServer _server = new();
    private readonly FakeRoot _root = new();
    private int _looks;

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _root.Dispose();
    }

    [Fact]
    public async Task What_vllm_counted_during_the_point_is_the_difference_of_first_and_last_look()
    {
        TaskCompletionSource middle = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _server.Pages["/metrics"] = () =>
        {
            int look = Interlocked.Increment(ref _looks);
            if (look == 4)
            {
                middle.TrySetResult();
            }

            // The cache fills up and empties again: only the looks in between see its peak.
            return (200, string.Create(CultureInfo.InvariantCulture, $$"""
                vllm:num_requests_running {{(look == 3 ? 9 : 1)}}
                vllm:num_requests_waiting {{(look == 3 ? 5 : 0)}}
                vllm:kv_cache_usage_perc {{(look == 3 ? 0.97 : 0.1)}}
                vllm:prompt_tokens_total {{5000 + (100 * look)}}
                vllm:generation_tokens_total {{700 + (10 * look)}}
                vllm:request_decode_time_seconds_sum {{2 + (0.5 * look)}}
                vllm:num_preemptions_total {{40 + look}}
                vllm:spec_decode_num_drafts_total {{100 + (5 * look)}}
                vllm:spec_decode_num_draft_tokens_total {{300 + (15 * look)}}
                vllm:spec_decode_num_accepted_tokens_total {{200 + (10 * look)}}
                """));
        };

        PointObservation seen = await ObserveAsync(new ObservationOptions { Interval = TimeSpan.FromMilliseconds(5) }, middle.Task);
        ServerLoadFigures server = seen.Server!;
        Assert.Equal("vllm", server.Engine);
        Assert.True(server.Preemptions >= 3);
        Assert.Equal((100 * server.Preemptions, 10 * server.Preemptions), (server.PromptTokens, server.OutputTokens));
        Assert.Equal((9, 5, 0.97), (server.PeakRequestsRunning, server.PeakRequestsWaiting, server.PeakKvCacheUsage));
        Assert.Equal(20, server.DecodeTokensPerSecond!.Value, 6);
        Assert.Equal((2 / 3.0, 3.0), (server.AcceptanceRate!.Value, server.AcceptanceLength!.Value));
        Assert.Contains(seen.Moments, moment => moment.KvCacheUsage == 0.97 && moment.RequestsWaiting == 5);
    }

    [Fact]
    public async Task Gpus_are_folded_to_load_energy_and_what_held_their_clocks_down()
    {
        await NvmlStandIn.InstallAsync(_root, "gpu0.utilization=90\ngpu0.reasons=36\ncount=1\n" + NvmlStandIn.Card(0, "NVIDIA GeForce RTX 2080 Ti", "01", "7.5", 22528, 12396));
        GpuTopology topology = new() { Gpus = [new GpuDevice { Index = 0, Vendor = GpuVendor.Nvidia, Name = "RTX 2080 Ti", Pcie = new PcieLink { BytesPerSecond = 4_000_000_000 } }] };
        PointObservation seen = await ObserveAsync(
            new ObservationOptions { Topology = topology, Survey = new SurveyOptions { SystemRoot = _root.Path, DriverTimeout = TimeSpan.FromSeconds(60) }, Interval = TimeSpan.FromMilliseconds(5) },
            null);

        GpuLoadFigures gpu = Assert.Single(seen.Gpus);
        Assert.True(gpu.Samples >= 3);
        Assert.Equal(("RTX 2080 Ti", 90.0, 18.25, 12396 * Bytes.MiB, 4e9), (gpu.Name, gpu.UtilizationPercent, gpu.PowerWatts, gpu.PeakMemoryBytes, gpu.PcieLinkBytesPerSecond));
        Assert.Equal([("SwPowerCap", 1.0), ("SwThermalSlowdown", 1.0)], gpu.Throttling.Select(reason => (reason.Key, reason.Value)));
        Assert.True(gpu.EnergyJoules > 0);
        Assert.Equal(1000 / gpu.EnergyJoules!.Value, seen.TokensPerJoule!.Value, 6);
    }

    [Fact]
    public async Task Without_gpus_counters_and_server_process_the_host_is_still_looked_at()
    {
        PointObservation seen = await ObserveAsync(new ObservationOptions { Interval = TimeSpan.FromMilliseconds(5) }, null);
        Assert.Null(seen.Server);
        Assert.Empty(seen.Gpus);
        Assert.Null(seen.TokensPerJoule);
        Assert.Null(seen.ServerProcessors);
        Assert.True(seen.HostProcessors >= 1);
        Assert.True(seen.Moments.Count >= 3);
        Assert.Single(_server.Asked, "/metrics"); // A server without metrics is asked once, because it logs each refusal.
    }

    [Fact]
    public void Host_time_is_all_that_is_neither_idle_nor_waiting_for_a_disk()
    {
        ProcessorTimes before = ProcessorTimes.Parse("cpu  100 0 50 800 50 0 0 0 0 0\ncpu0 1\ncpu1 2\nintr 5\n")!.Value;
        ProcessorTimes after = ProcessorTimes.Parse("cpu  160 0 80 800 60 0 0 0 0 0\ncpu0 1\ncpu1 2\nintr 5\n")!.Value;
        Assert.Equal(2, after.Processors);
        Assert.Equal(0.9, after.ShareSince(before)!.Value, 6);
        Assert.Null(after.ShareSince(after));
        Assert.Null(ProcessorTimes.Parse("nothing"));
    }

    [Fact]
    public void Scheduling_delay_is_time_waited_for_each_time_run()
    {
        _root.Write("proc/self/task/1/schedstat", "1000000 5000000 10\n");
        _root.Write("proc/self/task/2/schedstat", "0 0 0\n");
        SystemFiles files = new(_root.Path);
        SchedulingTimes before = SchedulingTimes.Read(files);
        _root.Write("proc/self/task/1/schedstat", "3000000 25000000 20\n");
        _root.Write("proc/self/task/3/schedstat", "1000000 0 10\n");
        (double delay, double run) = SchedulingTimes.Read(files).Since(before)!.Value;
        Assert.Equal(1e-3, delay, 9);
        Assert.Equal(3e-3, run, 9);
        Assert.Null(before.Since(before));
    }

    private async Task<PointObservation> ObserveAsync(ObservationOptions options, Task? until)
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        await using PointObserver observer = await PointObserver.StartAsync(new MeasurementOptions { Endpoint = _server.Endpoint, ServerName = "observed" }, options, cancel);
        if (until is not null)
        {
            await until.WaitAsync(cancel);
        }

        while (observer.Looks < 3)
        {
            await Task.Delay(1, cancel);
        }

        return await observer.StopAsync(1000, cancel);
    }
}
