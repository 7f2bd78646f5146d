using System.Globalization;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Engines.Vllm;

namespace LlmOps.Planning.Distributed;

/// <summary>What one machine of several runs.</summary>
/// <param name="Host">The machine.</param>
/// <param name="Rank">Its place; 0 answers clients.</param>
/// <param name="Role"><c>main</c> or <c>worker</c>.</param>
/// <param name="Commands">The commands in order; all but the last return at once.</param>
public sealed record HostCommands(ClusterHost Host, int Rank, string Role, IReadOnlyList<LaunchCommand> Commands);

/// <summary>The commands of each machine of a configuration for several. Nothing is run.</summary>
/// <remarks>
/// Sources: vLLM's documentation, <c>serving/parallelism_scaling</c> (<c>--nnodes --node-rank --master-addr --headless</c>; Ray), <c>ray start --help</c>,
/// llama.cpp <c>tools/rpc/README.md</c>.
/// </remarks>
public static class ClusterCommands
{
    /// <summary>The commands, the first machine's first; empty for a configuration of one machine, and where pods are made by Kubernetes.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="engine">The binary that will run; null for the newest known version.</param>
    /// <exception cref="EngineOptionException">The binary cannot be told an option.</exception>
    public static IReadOnlyList<HostCommands> Of(ServerConfig config, EngineCapabilities? engine) =>
        config.Cluster is not { } cluster ? []
            : [.. cluster.Hosts.Select((host, rank) => new HostCommands(host, rank, rank == 0 ? "main" : "worker", Commands(config, cluster, host, rank, engine)))];

    /// <summary>Which to start first, for people.</summary>
    public static string Order(ClusterSettings cluster) => cluster.Form switch
    {
        ClusterForms.Rpc => "start the workers first: llama-server asks them for their devices as it starts",
        ClusterForms.Ray => "start the first machine first; its 'vllm serve' waits until the workers have joined ('ray status' shows their GPUs)",
        ClusterForms.Kubernetes => "apply the manifest; the controller of LeaderWorkerSets must be installed in the cluster",
        _ => "start all, in any order: the machines wait for each other",
    };

    private static IReadOnlyList<LaunchCommand> Commands(ServerConfig config, ClusterSettings cluster, ClusterHost host, int rank, EngineCapabilities? engine) => cluster.Form switch
    {
        ClusterForms.Native => [Serve(config with { Environment = host.Environment, Options = rank == 0 ? config.Options : Worker(config.Options, (long)rank) }, engine)],
        ClusterForms.Ray when rank == 0 =>
            [
                Ray(host, ["--head", .. NodeAddress(host), "--port", Number(cluster.Port), "--num-gpus", Number(host.Devices.Count)]),
                Serve(config with { Environment = host.Environment }, engine),
            ],
        ClusterForms.Ray => [Ray(host, ["--address", Endpoint(cluster.Hosts[0].Address!, cluster.Port), .. NodeAddress(host), "--num-gpus", Number(host.Devices.Count), "--block"])],
        ClusterForms.Rpc when rank == 0 => [Serve(config, engine)],
        ClusterForms.Rpc => [RpcServer(host, cluster.Port)],
        _ => [],
    };

    /// <summary>An address with a port, IPv6 in brackets.</summary>
    internal static string Endpoint(string address, int port) => (address.Contains(':') ? $"[{address}]" : address) + ":" + Number(port);

    /// <summary>The options of a worker of vLLM's own launch.</summary>
    internal static OptionSet Worker(OptionSet options, object rank) => options.With(VllmOptions.NodeRank.Name, rank).With(VllmOptions.Headless.Name, true);

    private static LaunchCommand Serve(ServerConfig config, EngineCapabilities? engine) => LaunchCommandBuilder.Build(config, engine);

    // Ranks that Ray starts inherit the variables of the process that joined the machine to the cluster.
    private static LaunchCommand Ray(ClusterHost host, IReadOnlyList<string> arguments) => new("ray", ["start", .. arguments], host.Environment);

    // Ray wants numbers here; of a name it makes out itself which address it is.
    private static string[] NodeAddress(ClusterHost host) => System.Net.IPAddress.TryParse(host.Address, out _) ? ["--node-ip-address", host.Address] : [];

    private static LaunchCommand RpcServer(ClusterHost host, int port) =>
        new("rpc-server", ["--host", host.Address!, "--port", Number(port), "--device", string.Join(',', host.Devices.Select(device => device.Name)), "--cache"], host.Environment);

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
