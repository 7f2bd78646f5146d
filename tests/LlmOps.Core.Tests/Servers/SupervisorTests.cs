using System.Diagnostics;
using System.Runtime.Versioning;
using LlmOps.Configuration;
using LlmOps.Logs;
using LlmOps.Servers;

namespace LlmOps.Tests.Servers;

/// <summary>The supervisor, run inside the test program, with engines made of shell.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class SupervisorTests : IAsyncLifetime
{
    private readonly ServerLab _lab = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_engine_that_ends_at_once_is_recorded_with_its_code_and_a_cause()
    {
        ServerFolder folder = _lab.Prepare("a", "echo \"error: invalid argument: --bogus\" >&2; exit 1");

        int exit = await new Supervisor(folder.Path).RunAsync(Stop);

        ServerRecord record = folder.ReadRecord();
        Assert.Equal((3, ServerState.Failed, 1, (string?)null, 0), (exit, record.State, record.ExitCode, record.ExitSignal, record.Restarts));
        Assert.Equal(
            "ended with exit code 1 before it was ready: the engine does not know an option (error: invalid argument: --bogus)", record.Reason);
        Assert.NotNull(record.EndedAt);
    }

    [Fact]
    public async Task An_engine_that_a_signal_ended_is_recorded_with_the_signal()
    {
        ServerFolder folder = _lab.Prepare("a", "kill -ILL $$");

        await new Supervisor(folder.Path).RunAsync(Stop);

        ServerRecord record = folder.ReadRecord();
        Assert.Equal(((int?)null, "SIGILL"), (record.ExitCode, record.ExitSignal));
        Assert.Contains("the processor lacks an instruction", record.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_engine_that_cannot_be_found_is_a_failure_with_a_cause()
    {
        ServerFolder folder = _lab.Prepare("a", "exit 0");
        File.Delete(_lab.PathOf("engine.sh"));

        await new Supervisor(folder.Path).RunAsync(Stop);

        Assert.Equal((ServerState.Failed, 127), (folder.ReadRecord().State, folder.ReadRecord().ExitCode));
        Assert.Contains("the engine's program was not found", folder.ReadRecord().Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_output_is_logged_in_order_from_both_streams_with_the_last_unfinished_line()
    {
        ServerFolder folder = _lab.Prepare("a", "i=0; while [ $i -lt 500 ]; do echo out $i; echo err $i >&2; i=$((i+1)); done; printf unfinished; exit 2");

        await new Supervisor(folder.Path).RunAsync(Stop);

        IEnumerable<string> engineLines = ServerLog.Tail(folder.LogFile, 5000)
            .Select(LogLine.WithoutTime).Where(line => !line.StartsWith(LogLine.NoteMark, StringComparison.Ordinal));
        Assert.Equal([.. Enumerable.Range(0, 500).SelectMany(number => new[] { $"out {number}", $"err {number}" }), "unfinished"], engineLines);
    }

    [Fact]
    public async Task Keys_never_reach_the_log()
    {
        string keyFile = _lab.PathOf("key");
        File.WriteAllText(keyFile, "correct-horse-battery\n");
        ServerFolder folder = _lab.Prepare("a", "echo key correct-horse-battery and hf_AbCdEfGhIjKlMnOp; exit 1", apiKeyFile: keyFile);

        await new Supervisor(folder.Path).RunAsync(Stop);

        Assert.Contains("key *** and hf_***", File.ReadAllText(folder.LogFile), StringComparison.Ordinal);
        Assert.All(Directory.GetFiles(folder.Path), file => Assert.DoesNotContain("correct-horse", File.ReadAllText(file), StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_server_that_answers_is_ready_with_what_it_says_of_itself_and_stops_on_request()
    {
        ServerFolder folder = _lab.Prepare("a", "exec sleep 600");
        _lab.AnswerHealth();
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        Task<int> supervisor = new Supervisor(folder.Path).RunAsync(stop.Token);

        await ServerLab.Until(() => folder.ReadRecord().State == ServerState.Ready);
        ServerRecord ready = folder.ReadRecord();
        await stop.CancelAsync();

        Assert.Equal(0, await supervisor);
        Assert.Equal((4096L, 3), (ready.ContextLength, ready.Slots));
        ServerRecord record = folder.ReadRecord();
        Assert.Equal((ServerState.Stopped, "SIGTERM", (string?)null), (record.State, record.ExitSignal, record.Reason));
        Assert.False(ready.EngineProcess!.IsAlive);
    }

    [Fact]
    public async Task A_helper_that_left_the_session_ends_with_the_engine()
    {
        ServerFolder folder = _lab.Prepare("a", "setsid sh -c 'echo helper $$; exec sleep 600' & sleep 600");
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        Task<int> supervisor = new Supervisor(folder.Path).RunAsync(stop.Token);
        string? line = null;
        await ServerLab.Until(() => (line = ServerLog.Tail(folder.LogFile, 9).Select(LogLine.WithoutTime).FirstOrDefault(text => text.StartsWith("helper ", StringComparison.Ordinal))) is not null);
        ProcessIdentity helper = ProcessIdentity.Of(int.Parse(line!["helper ".Length..], System.Globalization.CultureInfo.InvariantCulture))!;

        await stop.CancelAsync();
        await supervisor;

        Assert.False(helper.IsAlive);
    }

    [Fact]
    public async Task An_engine_that_ignores_the_request_is_killed_after_the_grace()
    {
        ServerFolder folder = _lab.Prepare("a", "trap '' TERM; echo deaf; while :; do sleep 0.05; done");
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        Task<int> supervisor = new Supervisor(folder.Path).RunAsync(stop.Token);
        await ServerLab.Until(() => ServerLog.Tail(folder.LogFile, 9).Any(line => line.EndsWith("deaf", StringComparison.Ordinal)));

        folder.Write(new StopRequest(0.2, "for the test"));
        await stop.CancelAsync();
        await supervisor;

        ServerRecord record = folder.ReadRecord();
        Assert.Equal((ServerState.Stopped, "SIGKILL", "for the test"), (record.State, record.ExitSignal, record.Reason));
    }

    [Fact]
    public async Task A_ready_server_that_keeps_crashing_is_restarted_and_then_given_up()
    {
        _lab.AnswerHealth();
        string ready = _lab.PathOf("ready");
        ServerFolder folder = _lab.Prepare("a", $"while [ ! -e {ready} ]; do sleep 0.01; done; rm {ready}; kill -SEGV $$");
        Task<int> supervisor = new Supervisor(folder.Path).RunAsync(Stop);

        for (int run = 0; run < 3; run++)
        {
            await ServerLab.Until(() => folder.ReadRecord() is { State: ServerState.Ready } record && record.Restarts == run);
            File.WriteAllText(ready, string.Empty);
        }

        Assert.Equal(3, await supervisor);
        ServerRecord last = folder.ReadRecord();
        Assert.Equal((ServerState.Failed, 2, "SIGSEGV"), (last.State, last.Restarts, last.ExitSignal));
        Assert.EndsWith("given up after ending 3 times in a row in the same way", last.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stop_during_the_pause_before_a_restart_is_heard_at_once()
    {
        _lab.AnswerHealth();
        string ready = _lab.PathOf("ready");
        ServerFolder folder = _lab.Prepare(
            "a", $"while [ ! -e {ready} ]; do sleep 0.01; done; exit 1", new RestartPolicy { BackoffSeconds = 60 });
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        Task<int> supervisor = new Supervisor(folder.Path).RunAsync(stop.Token);
        await ServerLab.Until(() => folder.ReadRecord().State == ServerState.Ready);
        File.WriteAllText(ready, string.Empty);
        await ServerLab.Until(() => folder.ReadRecord().State == ServerState.Restarting);

        Stopwatch watch = Stopwatch.StartNew();
        await stop.CancelAsync();
        await supervisor;

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10));
        Assert.Equal(ServerState.Stopped, folder.ReadRecord().State);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _lab.DisposeAsync();
}
