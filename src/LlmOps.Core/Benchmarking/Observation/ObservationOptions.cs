using LlmOps.Configuration;
using LlmOps.Hardware;
using LlmOps.Models;

namespace LlmOps.Benchmarking.Observation;

/// <summary>What to look at beside the requests while a load point is measured.</summary>
public sealed record ObservationOptions
{
    /// <summary>From one look to the next.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The machine, when the server runs on this one: its GPUs are sampled. Null for a server elsewhere.</summary>
    public GpuTopology? Topology { get; init; }

    /// <summary>Where and how GPUs and the host are read.</summary>
    public SurveyOptions Survey { get; init; } = new();

    /// <summary>The configuration that the server was started with; null when it is not known.</summary>
    public ServerConfig? Config { get; init; }

    /// <summary>The model file; null when it cannot be read here.</summary>
    public ModelDescription? Model { get; init; }

    /// <summary>The engine's process on this machine; null when it is not known.</summary>
    public int? ServerPid { get; init; }

    /// <summary>Slots that the server really has; null when it is not known.</summary>
    public int? Slots { get; init; }

    /// <summary>What the engine's log says of its latest start; empty when there is no log.</summary>
    public IReadOnlyList<string> StartLog { get; init; } = [];
}
