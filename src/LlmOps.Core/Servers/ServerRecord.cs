using LlmOps.Configuration;
using LlmOps.Engines;

namespace LlmOps.Servers;

/// <summary>What <c>server.json</c> holds: all that is known of a server, as its supervisor last wrote it.</summary>
internal sealed record ServerRecord
{
    /// <summary>The version written today; a newer one is refused by readers that do not know it.</summary>
    public const int CurrentSchema = 1;

    public int SchemaVersion { get; init; } = CurrentSchema;

    public required string Name { get; init; }

    /// <summary>Distinguishes this start from earlier ones of the same name.</summary>
    public required string Instance { get; init; }

    public ServerState State { get; init; }

    /// <summary>Who began the start: until a supervisor has taken over, the record is as alive as this process.</summary>
    public ProcessIdentity? Starter { get; init; }

    public ProcessIdentity? Supervisor { get; init; }

    public ProcessIdentity? EngineProcess { get; init; }

    public required string Engine { get; init; }

    public string Runtime { get; init; } = "process";

    public required string Model { get; init; }

    public string? Alias { get; init; }

    public required ServerEndpoint Endpoint { get; init; }

    public DateTimeOffset StartedAt { get; init; }

    public DateTimeOffset? ReadyAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    public int? ExitCode { get; init; }

    public string? ExitSignal { get; init; }

    public string? Reason { get; init; }

    public int Restarts { get; init; }

    public long? ContextLength { get; init; }

    public int? Slots { get; init; }

    /// <summary>Id of the fault that ended it; null when none did or none is known.</summary>
    public string? FaultId { get; init; }

    public int? OffloadedLayers { get; init; }

    public int? LayerCount { get; init; }

    public IReadOnlyList<DeviceAllocation> Memory { get; init; } = [];

    /// <summary>What the engine told of itself in its log; null when it told nothing.</summary>
    public EngineFigures? Figures { get; init; }

    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Whether the record says that nothing will happen any more.</summary>
    public bool IsFinal => State is ServerState.Stopped or ServerState.Failed;
}
