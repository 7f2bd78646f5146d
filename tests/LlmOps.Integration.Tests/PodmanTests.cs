using LlmOps.Configuration;
using LlmOps.Planning;
using LlmOps.Servers;

namespace LlmOps.Integration.Tests;

public sealed class PodmanTests(RealEngine real, PodmanEngine podman) : IClassFixture<RealEngine>, IClassFixture<PodmanEngine>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_server_under_podman_is_started_listed_read_restarted_and_stopped()
    {
        podman.Require();
        await using ServerHarness servers = new(real);
        ServerConfig config = new ServerPlanner().Plan(new PlanRequest
        {
            Name = "pod",
            Model = real.Model,
            Topology = real.Topology with { Gpus = [] },
            ContextLength = 2048,
            IsThisMachine = true,
            Port = FreePorts.Next(),
            Runtime = RuntimeNames.Docker,
            Image = PodmanEngine.Image,
            Pins = new Dictionary<string, string> { ["mlock"] = "off" },
        });

        LlmServer started = await new ServerStarter(servers.Registry, SupervisorCommand.Find()).StartAsync(
            new StartRequest { Config = config, Command = await ServerLaunch.PrepareAsync(config, Token), Timeout = TimeSpan.FromSeconds(60) }, null, Token);

        Assert.Equal((ServerState.Ready, "llmops-pod", 2048L), (started.State, started.Unit, started.ContextLength));
        Assert.Equal(started.Pid, Assert.Single(servers.Registry.List()).Pid);
        Assert.Contains(ServerLog.Tail(started, 500), line => line.Contains("listening on", StringComparison.Ordinal) && Logs.LogLine.TryReadTime(line, out _));

        LlmServer restarted = await servers.Controller.RestartAsync("pod", SupervisorCommand.Find(), null, null, Token);
        Assert.Equal((ServerState.Ready, started.Endpoint), (restarted.State, restarted.Endpoint));
        Assert.NotEqual(started.Pid, restarted.Pid);

        LlmServer stopped = await servers.Controller.StopAsync("pod", TimeSpan.FromSeconds(5), Token);
        Assert.Equal((ServerState.Stopped, (int?)null), (stopped.State, stopped.Pid));
        servers.Controller.Remove("pod");
        Assert.Empty((await podman.RunAsync("ps", "--all", "--quiet")).Trim());
    }
}
