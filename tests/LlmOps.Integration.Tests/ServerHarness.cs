using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Planning;
using LlmOps.Servers;

namespace LlmOps.Integration.Tests;

/// <summary>A registry of its own; every server in it is stopped in the end.</summary>
/// <param name="real">The engine and the model.</param>
/// <param name="registry">Where servers are recorded; null for a place of their own.</param>
internal sealed class ServerHarness(RealEngine real, ServerRegistry? registry = null) : IAsyncDisposable
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);
    private static int s_count;

    public ServerRegistry Registry { get; } = registry ?? new(Path.Combine(real.Folder, $"servers-{Interlocked.Increment(ref s_count)}"));

    public ServerController Controller => new(Registry);

    /// <summary>A plan for the small model on this machine, on a free port.</summary>
    public ServerConfig Plan(string name, EngineCapabilities? engine = null, params (string Flag, string Value)[] pins) => new ServerPlanner().Plan(new PlanRequest
    {
        Name = name,
        Model = real.Model,
        Topology = real.Topology,
        Engine = engine ?? real.Engine,
        ContextLength = 2048,
        IsThisMachine = true,
        Port = FreePorts.Next(),
        Pins = pins.ToDictionary(pin => pin.Flag, pin => pin.Value),
    });

    /// <summary>Starts a configuration and waits until it is ready.</summary>
    public Task<LlmServer> StartAsync(ServerConfig config, EngineCapabilities? engine = null, IProgress<StartProgress>? progress = null) =>
        new ServerStarter(Registry, SupervisorCommand.Find()).StartAsync(
            new StartRequest { Config = config, Command = LaunchCommandBuilder.Build(config, engine ?? real.Engine), Timeout = TimeSpan.FromSeconds(60) },
            progress,
            TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        foreach (LlmServer server in Registry.List())
        {
            await Controller.StopAsync(server.Name, Grace, CancellationToken.None);
        }
    }
}
