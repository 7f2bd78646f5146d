using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Hardware;
using LlmOps.Models;

namespace LlmOps.Diagnostics;

/// <summary>What the checks look at. Null means that it was not asked about.</summary>
public sealed record CheckContext
{
    /// <summary>The machine.</summary>
    public required GpuTopology Topology { get; init; }

    /// <summary>The engine's binary; null when none was found.</summary>
    public EngineCapabilities? Engine { get; init; }

    /// <summary>Why the engine could not be read; null when it could, or when there is none.</summary>
    public string? EngineProblem { get; init; }

    /// <summary>The model.</summary>
    public ModelDescription? Model { get; init; }

    /// <summary>The configuration to be started.</summary>
    public ServerConfig? Config { get; init; }
}
