using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using LlmOps.Configuration;
using LlmOps.Diagnostics;
using LlmOps.Servers;

namespace LlmOps.Integration.Tests;

public sealed class ServerLifeTests(RealEngine real) : IClassFixture<RealEngine>
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_planned_server_becomes_ready_with_the_context_that_was_asked_for()
    {
        await using ServerHarness servers = new(real);
        List<StartProgress> seen = [];
        LlmServer server = await servers.StartAsync(servers.Plan("ready"), progress: new Recorder(seen));

        Assert.Equal(ServerState.Ready, server.State);
        Assert.Equal(2048, server.ContextLength);
        Assert.Equal(4, server.Slots);
        Assert.NotEmpty(seen);
        using HttpClient client = new();
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(new Uri(server.Endpoint, "/health"), Token)).StatusCode);
    }

    [Fact]
    public async Task Another_reader_of_the_registry_sees_and_stops_it_and_nothing_is_left()
    {
        await using ServerHarness servers = new(real);
        LlmServer started = await servers.StartAsync(servers.Plan("seen"));

        ServerRegistry other = new(servers.Registry.Folder);
        Assert.Equal(started.Pid, other.Find("seen")?.Pid);
        LlmServer stopped = await new ServerController(other).StopAsync("seen", Grace, Token);

        Assert.Equal(ServerState.Stopped, stopped.State);
        Assert.Null(ProcessIdentity.Of(started.Pid!.Value)?.IsAlive is true ? "alive" : null);
        Assert.Null(ProcessIdentity.Of(started.SupervisorPid!.Value)?.IsAlive is true ? "alive" : null);
    }

    [Fact]
    public async Task Stopping_twice_is_no_error()
    {
        await using ServerHarness servers = new(real);
        await servers.StartAsync(servers.Plan("twice"));
        await servers.Controller.StopAsync("twice", Grace, Token);
        Assert.Equal(ServerState.Stopped, (await servers.Controller.StopAsync("twice", Grace, Token)).State);
    }

    [Fact]
    public async Task A_server_that_dies_while_loading_is_diagnosed_within_a_second_of_its_death()
    {
        string model = Path.Combine(real.Folder, "broken.gguf");
        byte[] bytes = await File.ReadAllBytesAsync(real.Model.Path, Token);
        await File.WriteAllBytesAsync(model, bytes[..(bytes.Length / 2)], Token);
        await using ServerHarness servers = new(real);
        ServerConfig config = servers.Plan("broken") with { Model = model };

        ServerFailedException error = await Assert.ThrowsAsync<ServerFailedException>(() => servers.StartAsync(config));
        DateTimeOffset noticed = DateTimeOffset.UtcNow;

        FaultFinding cause = error.Findings[0];
        Assert.Contains("not within the file bounds", cause.Line, StringComparison.Ordinal);
        Assert.Equal(1, error.Server.ExitCode);
        Assert.Equal(ServerState.Failed, error.Server.State);
        Assert.InRange(noticed - error.Server.EndedAt!.Value, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public async Task A_taken_port_is_refused_before_anything_is_started()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        await using ServerHarness servers = new(real);
        ServerConfig config = servers.Plan("taken", pins: ("port", ((IPEndPoint)listener.LocalEndpoint).Port.ToString(System.Globalization.CultureInfo.InvariantCulture)));

        LlmOpsException error = await Assert.ThrowsAsync<LlmOpsException>(() => servers.StartAsync(config));
        Assert.Equal("PortInUse", error.ErrorId);
        Assert.Contains(Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture), error.Message, StringComparison.Ordinal);
        Assert.Empty(servers.Registry.List());
    }

    [Fact]
    public async Task Of_two_starts_of_one_name_at_the_same_moment_one_wins_and_the_other_says_who()
    {
        await using ServerHarness servers = new(real);
        ServerConfig first = servers.Plan("race");
        Task<LlmServer>[] starts = [servers.StartAsync(first), servers.StartAsync(first with { Endpoint = first.Endpoint with { Port = FreePorts.Next() } })];
        await ((Task)Task.WhenAll(starts)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);

        LlmServer winner = await Assert.Single(starts, start => start.IsCompletedSuccessfully);
        LlmOpsException loser = Assert.IsType<LlmOpsException>(Assert.Single(starts, start => start.IsFaulted).Exception!.InnerException);
        Assert.Equal("ServerAlreadyRunning", loser.ErrorId);
        Assert.Equal(winner.Pid, Assert.Single(servers.Registry.List()).Pid);
    }

    [Fact]
    public async Task An_engine_killed_while_serving_is_started_again_by_policy()
    {
        await using ServerHarness servers = new(real);
        LlmServer server = await servers.StartAsync(servers.Plan("phoenix") with { Restart = new RestartPolicy { Mode = RestartMode.OnFailure, BackoffSeconds = 0.01 } });
        using (Process engine = Process.GetProcessById(server.Pid!.Value))
        {
            engine.Kill();
        }

        LlmServer again = await Eventually.Is(() => servers.Registry.Find("phoenix")!, now => now.State == ServerState.Ready && now.Pid is { } pid && pid != server.Pid, Token);
        Assert.Equal(1, again.Restarts);
    }

    [Fact]
    public async Task An_engine_killed_while_serving_without_a_policy_is_recorded_with_its_signal()
    {
        await using ServerHarness servers = new(real);
        LlmServer server = await servers.StartAsync(servers.Plan("mortal") with { Restart = new RestartPolicy { Mode = RestartMode.Never } });
        using (Process engine = Process.GetProcessById(server.Pid!.Value))
        {
            engine.Kill();
        }

        LlmServer ended = await servers.Controller.WaitAsync("mortal", ServerState.Stopped, TimeSpan.FromSeconds(20), null, Token);
        Assert.Equal(ServerState.Failed, ended.State);
        Assert.Equal("SIGKILL", ended.ExitSignal);
    }

    [Fact]
    public async Task A_server_whose_supervisor_was_killed_is_found_and_can_be_stopped()
    {
        await using ServerHarness servers = new(real);
        LlmServer server = await servers.StartAsync(servers.Plan("orphan"));
        using (Process supervisor = Process.GetProcessById(server.SupervisorPid!.Value))
        {
            supervisor.Kill();
        }

        await Eventually.Is(() => servers.Registry.Find("orphan")!, now => now.State == ServerState.Unsupervised, Token);
        LlmServer stopped = await servers.Controller.StopAsync("orphan", Grace, Token);
        Assert.Equal(ServerState.Stopped, stopped.State);
        Assert.NotEqual(true, ProcessIdentity.Of(server.Pid!.Value)?.IsAlive);
    }

    [Fact]
    public async Task A_cancelled_start_leaves_no_process()
    {
        await using ServerHarness servers = new(real);
        ServerConfig config = servers.Plan("cancelled");
        using CancellationTokenSource cancel = new();
        ServerStarter starter = new(servers.Registry, SupervisorCommand.Find());
        CancelOnFirstReport whenStarted = new(cancel);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starter.StartAsync(
            new StartRequest { Config = config, Command = LaunchCommandBuilder.Build(config, real.Engine) }, whenStarted, cancel.Token));
        Assert.All(servers.Registry.List(), server => Assert.True(server.Pid is null && server.SupervisorPid is null, server.State.ToString()));
    }

    [Fact]
    public async Task The_log_is_there_while_it_is_written()
    {
        await using ServerHarness servers = new(real);
        LlmServer server = await servers.StartAsync(servers.Plan("logged"));
        // That it answers and what it prints come by different ways, in either order.
        IReadOnlyList<string> lines = await Eventually.Is(
            () => ServerLog.Tail(server, 500), seen => seen.Any(line => line.Contains("listening", StringComparison.Ordinal)), Token);
        Assert.Equal(ServerState.Ready, servers.Registry.Find("logged")!.State);
        Assert.Contains(lines, line => line.Contains("[llmops] starting", StringComparison.Ordinal));
    }

    private sealed class Recorder(List<StartProgress> seen) : IProgress<StartProgress>
    {
        public void Report(StartProgress value)
        {
            lock (seen)
            {
                seen.Add(value);
            }
        }
    }

    private sealed class CancelOnFirstReport(CancellationTokenSource cancel) : IProgress<StartProgress>
    {
        public void Report(StartProgress value) => cancel.Cancel();
    }
}
