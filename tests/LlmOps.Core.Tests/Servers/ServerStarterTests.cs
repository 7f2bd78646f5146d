using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Logs;
using LlmOps.Servers;

namespace LlmOps.Tests.Servers;

/// <summary>Starts with real, detached supervisors and engines made of shell.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class ServerStarterTests : IAsyncLifetime
{
    private const string Hang = "echo \"load_tensors: loading model tensors, this can take a while...\"; exec sleep 600";

    private readonly ServerLab _lab = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_server_becomes_ready_is_detached_and_stops_without_a_trace()
    {
        LlmServer server = await _lab.Starter().StartAsync(_lab.Request("a", Hang), new OnLoading(_lab.AnswerHealth), Stop);

        Assert.Equal((ServerState.Ready, 4096L, 3), (server.State, server.ContextLength, server.Slots));
        ProcessStatus supervisor = ProcessStatus.Read(server.SupervisorPid!.Value)!.Value;
        ProcessStatus engine = ProcessStatus.Read(server.Pid!.Value)!.Value;
        Assert.Equal((supervisor.Pid, supervisor.Pid), (supervisor.SessionId, supervisor.GroupId));
        Assert.Equal((engine.Pid, engine.Pid), (engine.SessionId, engine.GroupId));
        Assert.Equal("/dev/null", new FileInfo($"/proc/{server.SupervisorPid}/fd/0").LinkTarget);
        Assert.Equal(_lab.Registry.FolderOf("a").SupervisorLogFile, new FileInfo($"/proc/{server.SupervisorPid}/fd/1").LinkTarget);

        LlmServer stopped = await _lab.Controller.StopAsync("a", TimeSpan.FromSeconds(5), Stop);

        Assert.Equal((ServerState.Stopped, "SIGTERM", (int?)null, (int?)null), (stopped.State, stopped.ExitSignal, stopped.Pid, stopped.SupervisorPid));
        Assert.Equal(stopped, await _lab.Controller.StopAsync("a", TimeSpan.FromSeconds(5), Stop));
        Assert.Empty(new EngineGroup(null, EngineGroup.Mark(_lab.Registry.FolderOf("a"))).FindMembers());
    }

    [Fact]
    public async Task A_server_that_dies_while_loading_is_told_of_within_a_second_with_cause_remedy_and_last_lines()
    {
        OnLoading kill = new(() => Signal(_lab.Registry.Require("a").Pid!.Value, "KILL"));

        ServerFailedException problem = await Assert.ThrowsAsync<ServerFailedException>(() => _lab.Starter().StartAsync(_lab.Request("a", Hang), kill, Stop));

        Assert.True(Stopwatch.GetElapsedTime(kill.CalledAt) < TimeSpan.FromSeconds(1));
        Assert.Equal(("ServerFailed", ErrorKind.ServerFailed, "SIGKILL"), (problem.ErrorId, problem.Kind, problem.Server.ExitSignal));
        Assert.Equal("host.killed", problem.Findings[0].Id);
        Assert.Contains("load_tensors: loading model tensors, this can take a while...", problem.LastLines);
        Assert.Contains(problem.Server.LogPath, problem.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', problem.Message);
    }

    [Fact]
    public async Task A_name_that_runs_already_is_refused_with_who_runs()
    {
        LlmServer running = await _lab.Starter().StartAsync(_lab.Request("a", Hang) with { Wait = false }, null, Stop);

        LlmOpsException problem = await Assert.ThrowsAsync<LlmOpsException>(() => _lab.Starter().StartAsync(_lab.Request("a", Hang), null, Stop));

        Assert.Equal("ServerAlreadyRunning", problem.ErrorId);
        Assert.Contains($"process {running.Pid}, since 20", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_simultaneous_stops_the_later_ones_wait_and_the_engine_keeps_its_grace()
    {
        const string Slow = "trap 'sleep 1; exit 0' TERM; echo \"load_tensors: loading model tensors, this can take a while...\"; while :; do sleep 0.05; done";
        await _lab.Starter().StartAsync(_lab.Request("a", Slow), new OnLoading(_lab.AnswerHealth), Stop);

        LlmServer[] stopped = await Task.WhenAll(
            _lab.Controller.StopAsync("a", TimeSpan.FromSeconds(15), Stop),
            _lab.Controller.StopAsync("a", TimeSpan.FromSeconds(15), Stop),
            new ServerController(_lab.Registry).StopAsync("a", TimeSpan.FromSeconds(15), Stop));

        Assert.All(stopped, server => Assert.Equal((ServerState.Stopped, 0, (string?)null), (server.State, server.ExitCode, server.ExitSignal)));
    }

    [Theory]
    [InlineData("600", null)]
    [InlineData("644", "ApiKeyFileExposed")]
    [InlineData("640", "ApiKeyFileExposed")]
    public void A_key_file_that_others_can_read_is_refused_with_the_command_that_mends_it(string mode, string? expected)
    {
        string key = _lab.PathOf("key");
        File.WriteAllText(key, "correct-horse-battery\n");
        File.SetUnixFileMode(key, (UnixFileMode)Convert.ToInt32(mode, 8));
        ServerConfig config = _lab.Config("a", endpoint: new ServerEndpoint { ApiKeyFile = key });

        LlmOpsException? problem = Record.Exception(() => StartChecks.RequireProtected(config, force: true)) as LlmOpsException;

        Assert.Equal(expected, problem?.ErrorId);
        Assert.Equal(expected is not null, problem?.Message.EndsWith($"chmod 600 {key}", StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task Of_two_simultaneous_starts_of_one_name_one_wins()
    {
        StartRequest request = _lab.Request("a", Hang) with { Wait = false };

        Task<LlmServer>[] starts = [.. Enumerable.Range(0, 2).Select(_ => Task.Run(() => _lab.Starter().StartAsync(request, null, Stop)))];
        await ServerLab.Until(() => Array.TrueForAll(starts, start => start.IsCompleted));

        _ = Assert.Single(starts, start => start.IsCompletedSuccessfully);
        Task loser = Assert.Single(starts, start => start.IsFaulted);
        Assert.Equal("ServerAlreadyRunning", Assert.IsType<LlmOpsException>(loser.Exception!.InnerException).ErrorId);
    }

    [Fact]
    public async Task A_port_that_another_server_will_take_is_refused()
    {
        await _lab.Starter().StartAsync(_lab.Request("a", Hang) with { Wait = false }, null, Stop);

        LlmOpsException problem = await Assert.ThrowsAsync<LlmOpsException>(() => _lab.Starter().StartAsync(_lab.Request("b", Hang), null, Stop));

        Assert.Equal("PortInUse", problem.ErrorId);
        Assert.Contains("server 'a'", problem.Message, StringComparison.Ordinal);
        Assert.Null(_lab.Registry.Find("b"));
    }

    [Fact]
    public async Task A_port_that_a_program_holds_is_refused_with_its_name()
    {
        using TcpListener holder = new(IPAddress.Loopback, _lab.Port);
        holder.Start();

        LlmOpsException problem = await Assert.ThrowsAsync<LlmOpsException>(() => _lab.Starter().StartAsync(_lab.Request("a", Hang), null, Stop));

        Assert.Equal("PortInUse", problem.ErrorId);
        Assert.Contains($"(process {Environment.ProcessId})", problem.Message, StringComparison.Ordinal);
        Assert.False(_lab.Registry.FolderOf("a").Exists);
    }

    [Fact]
    public async Task What_cannot_run_is_refused_before_anything_changes()
    {
        StartRequest good = _lab.Request("a", Hang);
        ServerConfig config = good.Config;
        LaunchCommand command = good.Command;
        (string ErrorId, StartRequest Request)[] cases =
        [
            ("ServerNameInvalid", good with { Config = config with { Name = "../a" } }),
            ("EngineNotFound", good with { Command = command with { File = "/nowhere/llama-server" } }),
            ("EngineNotFound", good with { Command = command with { File = config.Model } }),
            ("ModelNotFound", good with { Config = config with { Model = "/nowhere/m.gguf" } }),
            ("ExposedWithoutKey", good with { Config = config with { Endpoint = config.Endpoint with { Host = "0.0.0.0" } } }),
            ("ApiKeyFileNotFound", good with { Config = config with { Endpoint = config.Endpoint with { ApiKeyFile = "/nowhere/key" } } }),
            ("HostNotLocal", good with { Config = config with { Endpoint = config.Endpoint with { Host = "192.0.2.1" } }, Force = true }),
            ("PortInvalid", good with { Config = config with { Endpoint = config.Endpoint with { Port = 0 } } }),
            ("SecretInConfig", good with { Command = command with { Arguments = ["--api-key", "x"] } }),
            ("SecretInConfig", good with { Config = config with { Environment = new Dictionary<string, string> { ["HF_TOKEN"] = "x" } } }),
            ("RuntimeNotSupported", good with { Config = config with { Runtime = "kvm" } }),
        ];

        foreach ((string errorId, StartRequest request) in cases)
        {
            LlmOpsException problem = await Assert.ThrowsAnyAsync<LlmOpsException>(() => _lab.Starter().StartAsync(request, null, Stop));
            Assert.Equal((errorId, false), (problem.ErrorId, problem.Message.Contains('\n', StringComparison.Ordinal)));
        }

        Assert.Empty(_lab.Registry.List());
    }

    [Fact]
    public async Task A_start_that_is_cancelled_leaves_nothing_running()
    {
        using CancellationTokenSource cancel = CancellationTokenSource.CreateLinkedTokenSource(Stop);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _lab.Starter().StartAsync(_lab.Request("a", Hang), new OnLoading(cancel.Cancel), cancel.Token));

        LlmServer server = _lab.Registry.Require("a");
        Assert.Equal((ServerState.Stopped, "the start was cancelled"), (server.State, server.Reason));
    }

    [Fact]
    public async Task A_start_that_takes_too_long_is_ended()
    {
        StartRequest request = _lab.Request("a", Hang) with { Timeout = TimeSpan.FromMilliseconds(700) };

        ServerFailedException problem = await Assert.ThrowsAsync<ServerFailedException>(() => _lab.Starter().StartAsync(request, null, Stop));

        Assert.Equal(("ServerStartTimeout", ErrorKind.Timeout), (problem.ErrorId, problem.Kind));
        Assert.Equal((ServerState.Stopped, "the start took too long"), (_lab.Registry.Require("a").State, _lab.Registry.Require("a").Reason));
    }

    [Fact]
    public async Task A_start_without_signs_of_life_is_ended_as_stalled()
    {
        StartRequest request = _lab.Request("a", Hang);
        request = request with { Config = request.Config with { Health = new HealthPolicy { StallSeconds = 1 } } };

        ServerFailedException problem = await Assert.ThrowsAsync<ServerFailedException>(() => _lab.Starter().StartAsync(request, null, Stop));

        Assert.Equal("ServerStalled", problem.ErrorId);
        Assert.Contains("while loading the weights", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_whose_supervisor_was_killed_can_be_used_and_stopped()
    {
        LlmServer server = await _lab.Starter().StartAsync(_lab.Request("a", Hang), new OnLoading(_lab.AnswerHealth), Stop);
        Signal(server.SupervisorPid!.Value, "KILL");
        await ServerLab.Until(() => _lab.Registry.Require("a").State == ServerState.Unsupervised);

        Assert.Equal(server.Pid, _lab.Registry.Require("a").Pid);
        LlmServer stopped = await _lab.Controller.StopAsync("a", TimeSpan.FromSeconds(5), Stop);

        Assert.Equal(ServerState.Stopped, stopped.State);
        Assert.Null(ProcessIdentity.Of(server.Pid!.Value));
    }

    [Fact]
    public async Task A_server_whose_record_was_damaged_can_be_stopped()
    {
        LlmServer server = await _lab.Starter().StartAsync(_lab.Request("a", Hang) with { Wait = false }, null, Stop);
        File.WriteAllText(_lab.Registry.FolderOf("a").RecordFile, "{");

        LlmServer stopped = await _lab.Controller.StopAsync("a", TimeSpan.FromSeconds(5), Stop);

        Assert.Equal(ServerState.Stopped, stopped.State); // Its supervisor wrote the record anew.
        Assert.Null(ProcessIdentity.Of(server.Pid!.Value));
    }

    [Fact]
    public async Task A_restart_keeps_name_port_and_command_and_is_another_process()
    {
        LlmServer first = await _lab.Starter().StartAsync(_lab.Request("a", Hang) with { Wait = false }, null, Stop);

        LlmServer second = await _lab.Controller.RestartAsync("a", SupervisorInTests.Command, null, new OnLoading(_lab.AnswerHealth), Stop);

        Assert.Equal((first.Endpoint, ServerState.Ready), (second.Endpoint, second.State));
        Assert.NotEqual(first.Pid, second.Pid);
    }

    [Fact]
    public async Task A_log_can_be_followed_to_the_servers_end()
    {
        LlmServer server = await _lab.Starter().StartAsync(_lab.Request("a", Hang), new OnLoading(_lab.AnswerHealth), Stop);
        ConcurrentQueue<string> lines = [];
        Task follow = Task.Run(
            async () =>
            {
                await foreach (string line in ServerLog.FollowAsync(server, 1, Stop))
                {
                    lines.Enqueue(LogLine.WithoutTime(line));
                }
            },
            Stop);
        await ServerLab.Until(() => !lines.IsEmpty);

        await _lab.Controller.StopAsync("a", TimeSpan.FromSeconds(5), Stop);
        await follow;

        Assert.Equal("load_tensors: loading model tensors, this can take a while...", lines.First());
        Assert.Equal("[llmops] the engine ended with signal SIGTERM", lines.Last());
    }

    [Fact]
    public async Task A_supervisor_that_does_not_start_is_told_of()
    {
        ServerStarter starter = new(_lab.Registry, new SupervisorCommand("/bin/sh", ["-c", "echo no such runtime >&2; exit 131"], new Dictionary<string, string>()));

        LlmOpsException problem = await Assert.ThrowsAsync<LlmOpsException>(() => starter.StartAsync(_lab.Request("a", Hang), null, Stop));

        Assert.Equal("SupervisorNotStarted", problem.ErrorId);
        Assert.Contains("no such runtime", problem.Message, StringComparison.Ordinal);
        Assert.Equal(ServerState.Failed, _lab.Registry.Require("a").State);
    }

    [Fact]
    public async Task The_engine_does_not_wait_for_its_supervisor_and_is_ended_when_that_fails()
    {
        string seen = _lab.PathOf("seen");
        SupervisorCommand failing = new("/bin/sh", ["-c", $"until [ -s '{seen}' ]; do sleep 0.02; done; exit 9"], new Dictionary<string, string>());
        ServerStarter starter = new(_lab.Registry, failing);

        LlmOpsException problem = await Assert.ThrowsAsync<LlmOpsException>(() => starter.StartAsync(_lab.Request("a", $"echo $$ > '{seen}'; {Hang}"), null, Stop));

        Assert.Equal("SupervisorNotStarted", problem.ErrorId);
        int engine = int.Parse(await File.ReadAllTextAsync(seen, Stop), CultureInfo.InvariantCulture);
        Assert.Null(ProcessIdentity.Of(engine));
    }

    [Fact]
    public async Task An_engine_whose_start_was_interrupted_before_its_supervisor_came_is_seen_and_stopped()
    {
        string seen = _lab.PathOf("seen");
        ServerFolder folder = _lab.Prepare("a", $"echo $$ > '{seen}'; {Hang}");
        folder.Write(folder.ReadRecord() with { Starter = ProcessIdentity.Current with { StartTicks = 1 } });
        LaunchRecord launch = folder.ReadLaunch();
        using (DetachedLauncher.Start(new SupervisorCommand("/bin/true", [], new Dictionary<string, string>()), folder, launch.Command, EngineGroup.Mark(folder, launch.Instance)))
        {
            await ServerLab.Until(() => File.Exists(seen) && new FileInfo(seen).Length > 0 && DetachedLauncher.FindSupervisor(folder) is null);
        }

        Assert.Equal(ServerState.Unsupervised, _lab.Registry.Require("a").State);
        await _lab.Controller.StopAsync("a", TimeSpan.Zero, Stop);

        Assert.Equal(ServerState.Stopped, _lab.Registry.Require("a").State);
        Assert.Null(ProcessIdentity.Of(int.Parse(await File.ReadAllTextAsync(seen, Stop), CultureInfo.InvariantCulture)));
    }

    [Fact]
    public async Task An_engine_gets_its_variables_and_folder_and_a_name_with_an_equals_sign_is_a_name()
    {
        string odd = Directory.CreateDirectory(_lab.PathOf("a=b")).FullName;
        string engine = Path.Combine(odd, "engine");
        File.Copy(_lab.Engine("echo \"$WORD, $(pwd), ${LLMOPS_SUPERVISOR_LOG:-none}, ${LLMOPS_ENGINE:-none}, $1\"; exit 5"), engine);
        StartRequest request = _lab.Request("a", Hang) with { Command = new LaunchCommand(engine, ["it's \"one\""], new Dictionary<string, string> { ["WORD"] = "x = y z" }) };

        ServerFailedException problem = await Assert.ThrowsAsync<ServerFailedException>(() => _lab.Starter().StartAsync(request, null, Stop));

        Assert.Equal(5, problem.Server.ExitCode);
        Assert.Contains($"x = y z, {Environment.CurrentDirectory}, none, none, it's \"one\"", problem.LastLines);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _lab.DisposeAsync();

    private static void Signal(int pid, string signal)
    {
        using Process kill = Process.Start("/bin/sh", ["-c", $"kill -{signal} {pid}"]);
        kill.WaitForExit();
    }

    /// <summary>Acts once, when the engine has printed that it loads.</summary>
    private sealed class OnLoading(Action action) : IProgress<StartProgress>
    {
        public long CalledAt { get; private set; }

        public void Report(StartProgress value)
        {
            if (CalledAt == 0 && value is { State: ServerState.Loading, LogLine: { } line } && line.StartsWith("load_tensors", StringComparison.Ordinal))
            {
                CalledAt = Stopwatch.GetTimestamp();
                action();
            }
        }
    }
}
