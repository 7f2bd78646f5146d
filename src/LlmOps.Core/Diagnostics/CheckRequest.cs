using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Hardware;

namespace LlmOps.Diagnostics;

/// <summary>What is to be checked.</summary>
public sealed record CheckRequest
{
    /// <summary>The machine; null to survey this one.</summary>
    public GpuTopology? Topology { get; init; }

    /// <summary>Whether <see cref="Topology"/> is of another machine: then nothing of this one is looked at in its place.</summary>
    public bool IsOtherMachine { get; init; }

    /// <summary>The configuration to be started.</summary>
    public ServerConfig? Config { get; init; }

    /// <summary>Path of the model; null for the configuration's.</summary>
    public string? Model { get; init; }

    /// <summary>The engine by name; null for the configuration's, else the one that runs the model, else whichever is there.</summary>
    public string? Engine { get; init; }

    /// <summary>The engine's binary; null for the configuration's, else the best one found.</summary>
    public string? EnginePath { get; init; }

    /// <summary>Roles that clients send besides the usual ones.</summary>
    public IReadOnlyList<string> Roles { get; init; } = [];

    /// <summary>How this machine is surveyed.</summary>
    public SurveyOptions Survey { get; init; } = new();

    /// <summary>Where engines are looked for.</summary>
    public EngineLocatorOptions Locator { get; init; } = new();
}
