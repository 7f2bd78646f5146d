namespace LlmOps.Servers;

/// <summary>What a manager that supervises servers by itself (docker, systemd) says of one.</summary>
internal sealed record ManagedStatus
{
    /// <summary>What it is doing.</summary>
    public required ManagedPhase Phase { get; init; }

    /// <summary>Why that cannot be told, for <see cref="ManagedPhase.Unknown"/>.</summary>
    public string? Problem { get; init; }

    /// <summary>Process id on this machine.</summary>
    public int? Pid { get; init; }

    /// <summary>How the last run ended.</summary>
    public ExitStatus? Exit { get; init; }

    /// <summary>What the manager adds to that: that the kernel killed it for its memory, that it has given up.</summary>
    public string? Note { get; init; }

    /// <summary>Whether the kernel killed it because memory was used up, as <see cref="Note"/> then says.</summary>
    public bool OutOfMemory { get; init; }

    /// <summary>How often the manager has restarted it.</summary>
    public int Restarts { get; init; }

    /// <summary>When the present run, or the last, began.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When the last run ended.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Where its log is kept, when that is a file.</summary>
    public string? LogPath { get; init; }
}

/// <summary>What a managed server is doing.</summary>
internal enum ManagedPhase
{
    /// <summary>The manager does not answer.</summary>
    Unknown,

    /// <summary>The manager does not know it.</summary>
    Absent,

    /// <summary>It runs.</summary>
    Running,

    /// <summary>It has ended and will be started again.</summary>
    Restarting,

    /// <summary>It has ended.</summary>
    Ended,
}
