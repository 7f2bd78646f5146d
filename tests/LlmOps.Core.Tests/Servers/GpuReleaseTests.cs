using System.Globalization;
using System.Runtime.Versioning;
using LlmOps.Configuration;
using LlmOps.Core.Tests.Hardware;
using LlmOps.Hardware;
using LlmOps.Servers;

namespace LlmOps.Tests.Servers;

/// <summary>What a stop says of the memory of a server's GPUs, with a driver that stands in.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class GpuReleaseTests : IAsyncDisposable
{
    private const string Uuid = "GPU-00000001-0000-4000-8000-000000000000";

    private readonly ServerLab _lab = new();
    private readonly FakeRoot _root = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_stop_waits_until_the_servers_own_gpu_has_its_memory_back()
    {
        await InstallAsync(usedMebibytes: 9000);
        await StartAsync("trap 'exit 0' TERM");

        // The driver takes its time: the memory is given back after the engine is gone, and by steps.
        Task<LlmServer> stopping = Controller(secondsForEachLook: 0).StopAsync("a", TimeSpan.FromSeconds(10), Stop);
        await ServerLab.Until(() => _lab.Registry.Require("a").State == ServerState.Stopped);
        Write(Answers(usedMebibytes: 8999));
        Assert.False(stopping.IsCompleted);
        Write(Answers(usedMebibytes: 1000));
        LlmServer stopped = await stopping;

        GpuMemoryRelease gpu = Assert.Single(stopped.GpuMemory);
        Assert.Equal((ServerState.Stopped, 1, Uuid), (stopped.State, gpu.Index, gpu.Uuid));
        Assert.Equal((9000 * Bytes.MiB, 1000 * Bytes.MiB, 8000 * Bytes.MiB, true), (gpu.BeforeBytes, gpu.AfterBytes, gpu.FreedBytes, gpu.IsReleased));
        Assert.Equal(8 * Bytes.MiB, gpu.ServerBytes);
        Assert.Null(gpu.Warning);
        Assert.Empty(gpu.Holders);
    }

    [Fact]
    public async Task A_gpu_that_does_not_get_its_memory_back_is_told_with_who_holds_it()
    {
        await InstallAsync(usedMebibytes: 9000, holder: 4242);
        _root.Write("/proc/4242/comm", "python3\n");
        LlmServer started = await StartAsync("trap 'exit 0' TERM");
        Assert.Empty(started.GpuMemory);

        LlmServer stopped = await Controller().StopAsync("a", TimeSpan.FromSeconds(10), Stop);

        GpuMemoryRelease gpu = Assert.Single(stopped.GpuMemory);
        Assert.Equal((ServerState.Stopped, 0L, false), (stopped.State, gpu.FreedBytes, gpu.IsReleased));
        Assert.Equal("GPU 1 gave back nothing of the server's 8.00 MiB after the stop, 8.79 GiB are in use; held by process 4242 (python3) 7.81 GiB", gpu.Warning);
        Assert.Empty(_lab.Registry.Require("a").GpuMemory);
    }

    [Fact]
    public async Task What_the_driver_says_of_the_servers_processes_wins_over_the_log()
    {
        await InstallAsync(usedMebibytes: 9000);
        LlmServer started = await StartAsync("trap 'exit 0' TERM");
        Write(Answers(usedMebibytes: 9000, holder: started.Pid));

        LlmServer stopped = await Controller().StopAsync("a", TimeSpan.FromSeconds(10), Stop);

        Assert.Equal(8000 * Bytes.MiB, Assert.Single(stopped.GpuMemory).ServerBytes);
    }

    [Fact]
    public async Task A_server_without_gpus_asks_no_driver()
    {
        await InstallAsync(usedMebibytes: 9000);
        await _lab.Starter().StartAsync(_lab.Request("a", "trap 'exit 0' TERM; echo 'srv  llama_server: model loaded'; while :; do sleep 0.1; done") with { Wait = false }, null, Stop);

        Assert.Empty((await Controller().StopAsync("a", TimeSpan.FromSeconds(10), Stop)).GpuMemory);
    }

    [Theory]
    [InlineData(100, 40, 61L, true)]
    [InlineData(100, 46, 61L, false)]
    [InlineData(100, 99, null, true)]
    [InlineData(100, 100, null, false)]
    [InlineData(0, 0, null, true)]
    [InlineData(100, 120, 61L, false)]
    public void Memory_counts_as_given_back_from_nine_tenths_of_the_servers_share_on(long before, long after, long? held, bool released)
    {
        GpuMemoryRelease gpu = new() { Index = 0, BeforeBytes = before, AfterBytes = after, ServerBytes = held };
        Assert.Equal((released, released), (gpu.IsReleased, gpu.Warning is null));
    }

    public async ValueTask DisposeAsync()
    {
        await _lab.DisposeAsync();
        _root.Dispose();
    }

    private ServerController Controller(int secondsForEachLook = 1) =>
        new(_lab.Registry) { Survey = new SurveyOptions { SystemRoot = _root.Path, DriverTimeout = TimeSpan.FromSeconds(60), Clock = new LookClock(secondsForEachLook) } };

    private void Write(string answers)
    {
        // Moved into place, because it is read at any moment.
        string file = _root.Locate("/usr/lib/x86_64-linux-gnu/nvml.txt");
        File.WriteAllText(file + ".new", answers);
        File.Move(file + ".new", file, overwrite: true);
    }

    private Task InstallAsync(int usedMebibytes, int? holder = null) => NvmlStandIn.InstallAsync(_root, Answers(usedMebibytes, holder));

    private static string Answers(int usedMebibytes, int? holder = null) =>
        "live=1\ncount=2\n"
        + (holder is { } pid ? string.Create(CultureInfo.InvariantCulture, $"gpu1.processes={pid}:{8000 * Bytes.MiB}\n") : string.Empty)
        + NvmlStandIn.Card(0, "NVIDIA GeForce RTX 2080 Ti", "01", "7.5", 22528, 12396)
        + NvmlStandIn.Card(1, "NVIDIA GeForce RTX 2080 Ti", "05", "7.5", 22528, usedMebibytes);

    private async Task<LlmServer> StartAsync(string trap)
    {
        StartRequest request = _lab.Request(
            "a",
            $"{trap}; echo 'load_tensors: offloaded 5/5 layers to GPU'; echo 'load_tensors: CUDA0 model buffer size = 6.00 MiB'; echo 'llama_kv_cache: CUDA0 KV buffer size = 2.00 MiB'; "
            + "echo 'srv  llama_server: model loaded'; while :; do sleep 0.1; done");
        ServerConfig config = request.Config with { Devices = [new ConfigDevice { Name = "CUDA0", Index = 1, Uuid = Uuid }] };
        await _lab.Starter().StartAsync(request with { Config = config, Wait = false }, null, Stop);
        _lab.AnswerHealth(); // Not before: the port must be free when a server is started.
        return await _lab.Controller.WaitAsync("a", ServerState.Ready, null, null, Stop);
    }

    /// <summary>A clock that goes on when it is looked at, so that patience ends by looks and not by how busy this machine is.</summary>
    private sealed class LookClock(int seconds) : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Interlocked.Add(ref _now, seconds);
    }
}
