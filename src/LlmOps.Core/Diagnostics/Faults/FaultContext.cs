using LlmOps.Configuration;
using LlmOps.Hardware;
using LlmOps.Servers;

namespace LlmOps.Diagnostics;

/// <summary>What is known of the server whose log is read, beside the log itself.</summary>
public sealed record FaultContext
{
    private readonly Lazy<GpuTopology> _topology = new(() => new TopologySurvey(new SurveyOptions()).Capture(CancellationToken.None));

    /// <summary>Nothing but this machine.</summary>
    public static FaultContext ThisMachine { get; } = new();

    /// <summary>The server's configuration; null when it is not known.</summary>
    public ServerConfig? Config { get; init; }

    /// <summary>The engine's binary; null when it is not known.</summary>
    public string? EnginePath { get; init; }

    /// <summary>The machine to plan for; null for this one, looked at when it is needed.</summary>
    public GpuTopology? Topology { get; init; }

    internal GpuTopology Machine => Topology ?? _topology.Value;

    /// <summary>What is known of a server.</summary>
    public static FaultContext Of(LlmServer server) => Beside(server.ConfigPath);

    /// <summary>What is known of the server that wrote a log file: its configuration lies beside it when it is one of ours.</summary>
    public static FaultContext OfLog(string file) => Beside(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(file))!, "config.yaml"));

    private static FaultContext Beside(string configFile)
    {
        if (!File.Exists(configFile))
        {
            return ThisMachine;
        }

        try
        {
            ServerConfig config = ServerConfigFile.Read(configFile);
            return new FaultContext { Config = config, EnginePath = config.EnginePath };
        }
        catch (LlmOpsException)
        {
            // Advice is better with a configuration; the diagnosis does not need one.
            return ThisMachine;
        }
    }
}
