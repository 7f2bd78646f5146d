using System.Runtime.Versioning;
using LlmOps.Configuration;
using LlmOps.Logs;
using LlmOps.Native.Libc;
using LlmOps.Servers;

namespace LlmOps.Tests.Servers;

/// <summary>What a supervisor does about servers that run and are not as they should be.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class SupervisionTests : IAsyncLifetime
{
    private const int Interrupt = 2;

    private readonly ServerLab _lab = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_server_that_fell_back_to_the_processor_is_ended_and_failed_under_a_name_of_its_own()
    {
        _lab.AnswerHealth();
        ServerFolder folder = _lab.Prepare(
            "a",
            "echo 'load_tensors: offloaded 0/5 layers to GPU'; echo 'load_tensors:   CPU_Mapped model buffer size =     6.51 MiB'; echo 'srv  llama_server: model loaded'; exec sleep 600",
            change: launch => launch with { Expectation = new LaunchExpectation { WantsGpu = true, Devices = ["CUDA0"] } });

        int exit = await new Supervisor(folder.Path).RunAsync(Stop);

        ServerRecord record = folder.ReadRecord();
        Assert.Equal((3, ServerState.Failed, "llamacpp.cpu-fallback", 0), (exit, record.State, record.FaultId, record.Restarts));
        Assert.Equal("the engine fell back to the processor: the model should be on CUDA0 (offloaded 0/5 layers)", record.Reason);
        Assert.Null(record.ReadyAt);
        Assert.Equal("llamacpp.cpu-fallback", LlmOps.Diagnostics.FaultCatalogue.Default.Diagnose(ServerLog.Tail(folder.LogFile, 100))[0].Id);
    }

    [Fact]
    public async Task What_was_allocated_and_what_is_not_as_meant_is_in_the_record_and_kept_for_later_plans()
    {
        _lab.AnswerHealth();
        ServerFolder folder = _lab.Prepare(
            "a",
            "echo 'load_tensors: offloaded 3/5 layers to GPU'; echo 'load_tensors: CUDA0 model buffer size = 4.00 MiB'; echo 'llama_kv_cache: CUDA0 KV buffer size = 2.00 MiB'; "
            + "echo 'sched_reserve: CUDA0 compute buffer size = 2.00 MiB'; echo 'srv  llama_server: model loaded'; exec sleep 600",
            change: launch => launch with
            {
                Model = "/models/m.gguf",
                Arguments = ["--model", "/models/m.gguf", "--ctx-size", "8192", "--port", "1"],
                Expectation = new LaunchExpectation { WantsGpu = true, Devices = ["CUDA0"], GpuLayers = 5, ContextPerSlot = 8192, Slots = 4, Planned = [new("CUDA0", 10L << 20)] },
            });
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        Task<int> supervisor = new Supervisor(folder.Path).RunAsync(stop.Token);

        await ServerLab.Until(() => folder.ReadRecord().State == ServerState.Ready);
        ServerRecord record = folder.ReadRecord();
        MeasuredLoads loads = MeasuredLoads.Beside(_lab.Registry.Folder);
        await ServerLab.Until(() => loads.OfModel("/models/m.gguf").Count == 1);
        await stop.CancelAsync();
        await supervisor;

        Assert.Equal(
            ["only 3 of 5 layers are on GPUs; 5 were planned", "each slot has 4096 tokens of context; 8192 were asked for", "there are 3 slots; 4 were asked for"],
            record.Warnings);
        DeviceAllocation device = Assert.Single(record.Memory);
        Assert.Equal(("CUDA0", 10L << 20, 8L << 20, 25.0), (device.Device, device.PlannedBytes, device.ActualBytes, device.ErrorPercent));
        MeasuredLoad load = loads.OfModel("/models/m.gguf")[0];
        Assert.Equal(["--ctx-size", "8192"], load.Arguments);
        Assert.Equal(device, load.Devices[0]);
    }

    [Fact]
    public async Task A_ready_server_that_neither_answers_nor_works_is_unresponsive_and_ready_again_when_it_answers()
    {
        _lab.AnswerHealth();
        ServerFolder folder = _lab.Prepare("a", "exec sleep 600", new RestartPolicy { Mode = RestartMode.Never }, change: launch => launch with { UnresponsiveSeconds = 1 });
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        Task<int> supervisor = new Supervisor(folder.Path).RunAsync(stop.Token);
        await ServerLab.Until(() => folder.ReadRecord().State == ServerState.Ready);

        _lab.FallSilent();
        await ServerLab.Until(() => folder.ReadRecord().State == ServerState.Unresponsive);
        Assert.Contains("neither answers nor works", folder.ReadRecord().Reason, StringComparison.Ordinal);
        _lab.AnswerHealth();
        await ServerLab.Until(() => folder.ReadRecord().State == ServerState.Ready);

        await stop.CancelAsync();
        await supervisor;
    }

    [Fact]
    public async Task A_hung_server_is_started_again_by_policy_and_given_up_after_three_times()
    {
        _lab.AnswerHealth();
        ServerFolder folder = _lab.Prepare("a", "exec sleep 600", new RestartPolicy { Mode = RestartMode.OnFailure, BackoffSeconds = 0.01 }, change: launch => launch with { UnresponsiveSeconds = 1 });
        Task<int> supervisor = new Supervisor(folder.Path).RunAsync(Stop);
        for (int run = 0; run < 3; run++)
        {
            await ServerLab.Until(() => folder.ReadRecord() is { State: ServerState.Ready } record && record.Restarts == run);
            _lab.FallSilent();
            await ServerLab.Until(() => folder.ReadRecord().State is ServerState.Unresponsive or ServerState.Restarting or ServerState.Failed || folder.ReadRecord().Restarts > run);
            if (run < 2)
            {
                _lab.AnswerHealth();
            }
        }

        Assert.Equal(3, await supervisor);
        ServerRecord last = folder.ReadRecord();
        Assert.Equal((ServerState.Failed, 2, "host.unresponsive"), (last.State, last.Restarts, last.FaultId));
        Assert.EndsWith("given up after ending 3 times in a row in the same way", last.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_supervisor_whose_folder_is_taken_away_ends_its_server()
    {
        ServerFolder folder = _lab.Prepare("a", "exec sleep 600");
        Task<int> supervisor = new Supervisor(folder.Path).RunAsync(Stop);
        await ServerLab.Until(() => folder.ReadRecord().EngineProcess is not null);
        ProcessIdentity engine = folder.ReadRecord().EngineProcess!;

        Directory.Delete(folder.Path, recursive: true);
        await supervisor;

        Assert.False(engine.IsAlive);
        Assert.False(folder.Exists);
    }

    [Fact]
    public async Task A_supervisor_whose_folder_became_another_start_s_ends_its_server_and_leaves_that_record_alone()
    {
        ServerFolder folder = _lab.Prepare("a", "exec sleep 600");
        Task<int> supervisor = new Supervisor(folder.Path).RunAsync(Stop);
        await ServerLab.Until(() => folder.ReadRecord().EngineProcess is not null);
        ProcessIdentity engine = folder.ReadRecord().EngineProcess!;

        folder.Write(_lab.Record("a") with { Instance = "another", State = ServerState.Stopped });
        await supervisor;

        Assert.False(engine.IsAlive);
        Assert.Equal("another", folder.ReadRecord().Instance);
    }

    [Fact]
    public async Task The_pause_before_a_restart_is_kept_by_the_clock_and_three_identical_ends_are_enough()
    {
        _lab.AnswerHealth();
        ManualTime time = new();
        string go = _lab.PathOf("go");
        ServerFolder folder = _lab.Prepare("a", $"while [ ! -e {go} ]; do sleep 0.01; done; rm {go}; kill -SEGV $$", new RestartPolicy { Mode = RestartMode.Always, BackoffSeconds = 30 });
        Task<int> supervisor = new Supervisor(folder.Path, time).RunAsync(Stop);

        await EndOnceAsync(restarts: 0);
        await ServerLab.Until(() => folder.ReadRecord().State == ServerState.Restarting && time.Waiting > 0);
        time.Advance(TimeSpan.FromSeconds(23));
        Assert.Equal(ServerState.Restarting, folder.ReadRecord().State);
        time.Advance(TimeSpan.FromSeconds(14));

        await EndOnceAsync(restarts: 1);
        await ServerLab.Until(() => folder.ReadRecord().State == ServerState.Restarting && time.Waiting > 0);
        time.Advance(TimeSpan.FromSeconds(73));

        await EndOnceAsync(restarts: 2);
        Assert.Equal(3, await supervisor);
        Assert.EndsWith("in the same way", folder.ReadRecord().Reason, StringComparison.Ordinal);

        async Task EndOnceAsync(int restarts)
        {
            await ServerLab.Until(() => folder.ReadRecord() is { State: ServerState.Ready } record && record.Restarts == restarts);
            File.WriteAllText(go, string.Empty);
        }
    }

    [Fact]
    public async Task Of_two_stops_at_the_same_moment_the_second_joins_the_first_and_nobody_is_killed()
    {
        StartRequest request = _lab.Request("a", "trap 'sleep 0.5; echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done") with { Wait = false };
        LlmServer server = await _lab.Starter().StartAsync(request, null, Stop);
        await ServerLab.Until(() => ServerLog.Tail(server.LogPath, 20).Any(line => line.EndsWith(" up", StringComparison.Ordinal)));

        LlmServer[] stopped = await Task.WhenAll(
            Enumerable.Range(0, 4).Select(_ => Task.Run(() => _lab.Controller.StopAsync("a", TimeSpan.FromSeconds(15), Stop), Stop)));

        Assert.All(stopped, one => Assert.Equal((ServerState.Stopped, 0, (string?)null), (one.State, one.ExitCode, one.ExitSignal)));
        Assert.Contains(ServerLog.Tail(server.LogPath, 20).Select(LogLine.WithoutTime), line => line == "bye");
    }

    [Fact]
    public async Task Who_asks_before_anybody_can_know_that_it_stops_does_not_hurry_it()
    {
        LlmServer server = await UpAsync("trap 'sleep 0.3; exit 0' TERM; echo up; while :; do sleep 0.05; done");
        ProcessIdentity supervisor = ProcessIdentity.Of(server.SupervisorPid!.Value)!;
        supervisor.Signal(LibcKill.Terminate);
        supervisor.Signal(Interrupt);

        await ServerLab.Until(() => !supervisor.IsAlive);
        LlmServer ended = _lab.Registry.Find("a")!;
        Assert.Equal((ServerState.Stopped, 0, (string?)null), (ended.State, ended.ExitCode, ended.ExitSignal));
    }

    [Fact]
    public async Task Who_asks_again_while_it_stops_ends_its_grace()
    {
        LlmServer server = await UpAsync("trap '' TERM; echo up; while :; do sleep 0.05; done");
        ProcessIdentity supervisor = ProcessIdentity.Of(server.SupervisorPid!.Value)!;
        supervisor.Signal(LibcKill.Terminate);
        await ServerLab.Until(() => _lab.Registry.Find("a")!.State == ServerState.Stopping);

        // That it stops is written a moment before it minds who hurries.
        await ServerLab.Until(() => !supervisor.Signal(LibcKill.Terminate));

        LlmServer ended = _lab.Registry.Find("a")!;
        Assert.Equal((ServerState.Stopped, (int?)null, "SIGKILL"), (ended.State, ended.ExitCode, ended.ExitSignal));
        Assert.InRange((ended.EndedAt - server.StartedAt)!.Value.TotalSeconds, 0, 9);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _lab.DisposeAsync();

    private async Task<LlmServer> UpAsync(string engine)
    {
        LlmServer server = await _lab.Starter().StartAsync(_lab.Request("a", engine) with { Wait = false }, null, Stop);
        await ServerLab.Until(() => ServerLog.Tail(server.LogPath, 20).Any(line => line.EndsWith(" up", StringComparison.Ordinal)));
        return server;
    }
}
