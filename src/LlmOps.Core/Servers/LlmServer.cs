using LlmOps.Engines;

namespace LlmOps.Servers;

/// <summary>A server that was started, as the registry on disk and the running processes tell of it together.</summary>
public sealed record LlmServer
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>What it is doing.</summary>
    public ServerState State { get; init; }

    /// <summary>Process id of the engine; null when it is not running.</summary>
    public int? Pid { get; init; }

    /// <summary>Process id of its supervisor; null when there is none.</summary>
    public int? SupervisorPid { get; init; }

    /// <summary>The container or the systemd unit that it runs as, by the manager's own name for it; null for a process, or when that is gone.</summary>
    public string? Unit { get; init; }

    /// <summary>Base address for clients on this machine.</summary>
    /// <remarks>Made when it is asked for: to read its first address takes a new process ten milliseconds, and a start asks for none.</remarks>
    public Uri Endpoint
    {
        get => new(Address);
        init => Address = value.OriginalString;
    }

    /// <summary>The same as text.</summary>
    public string Address { get; init; } = "about:blank";

    /// <summary>The engine.</summary>
    public required string Engine { get; init; }

    /// <summary>How it runs: <c>process</c>, <c>docker</c> or <c>systemd</c>.</summary>
    public string Runtime { get; init; } = "process";

    /// <summary>The model file.</summary>
    public required string Model { get; init; }

    /// <summary>The name that clients use for the model.</summary>
    public string? Alias { get; init; }

    /// <summary>When it was started.</summary>
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>When it became ready; null when it has not yet.</summary>
    public DateTimeOffset? ReadyAt { get; init; }

    /// <summary>When it ended; null while it runs.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Its exit code; null while it runs and when a signal ended it.</summary>
    public int? ExitCode { get; init; }

    /// <summary>The signal that ended it: <c>SIGKILL</c>; null when none did.</summary>
    public string? ExitSignal { get; init; }

    /// <summary>Why it is in this state, in one line; null when there is nothing to say.</summary>
    public string? Reason { get; init; }

    /// <summary>How often the supervisor has restarted it.</summary>
    public int Restarts { get; init; }

    /// <summary>Tokens of context each slot really has, as the server says; null before it is ready.</summary>
    public long? ContextLength { get; init; }

    /// <summary>Slots that it really has; null before it is ready.</summary>
    public int? Slots { get; init; }

    /// <summary>Id of the fault that ended it, as in the fault catalogue; null when none did or none is known.</summary>
    public string? FaultId { get; init; }

    /// <summary>Layers that really are on GPUs, as the engine says; null when it does not.</summary>
    public int? OffloadedLayers { get; init; }

    /// <summary>Layers of the model, its output counted as one, as the engine says; null when it does not.</summary>
    public int? LayerCount { get; init; }

    /// <summary>What the engine allocated on each device, beside what was planned; empty when its log does not tell.</summary>
    public IReadOnlyList<DeviceAllocation> PlanAccuracy { get; init; } = [];

    /// <summary>What the engine told of itself in its log: its pool, times of its start, and for vLLM what it delivered last. Null when it told nothing.</summary>
    public EngineFigures? Figures { get; init; }

    /// <summary>What is not as the configuration meant it, one line each; the server works.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>What its GPUs got back, one entry each, on the server that a stop returns; empty for a server without GPUs, and at any other time.</summary>
    public IReadOnlyList<GpuMemoryRelease> GpuMemory { get; init; } = [];

    /// <summary>The log file now being written.</summary>
    public required string LogPath { get; init; }

    /// <summary>The configuration it was started with.</summary>
    public required string ConfigPath { get; init; }

    /// <summary>A file with the API key; null for none.</summary>
    public string? ApiKeyFile { get; init; }
}

/// <summary>What a server is doing.</summary>
public enum ServerState
{
    /// <summary>Its process is being started.</summary>
    Starting,

    /// <summary>It is loading the model.</summary>
    Loading,

    /// <summary>It answers requests.</summary>
    Ready,

    /// <summary>It was ready, and now neither answers nor works.</summary>
    Unresponsive,

    /// <summary>It ended and the supervisor will start it again.</summary>
    Restarting,

    /// <summary>It is being stopped.</summary>
    Stopping,

    /// <summary>It was stopped on request.</summary>
    Stopped,

    /// <summary>It ended by itself.</summary>
    Failed,

    /// <summary>It runs, but its supervisor is gone: it can be used and stopped, its log is no longer written.</summary>
    Unsupervised,
}
