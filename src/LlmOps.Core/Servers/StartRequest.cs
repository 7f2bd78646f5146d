using LlmOps.Configuration;
using LlmOps.Engines;

namespace LlmOps.Servers;

/// <summary>A start that is asked for.</summary>
public sealed record StartRequest
{
    /// <summary>What to start.</summary>
    public required ServerConfig Config { get; init; }

    /// <summary>The command that it comes to for the engine found.</summary>
    public required LaunchCommand Command { get; init; }

    /// <summary>Whether to wait until the server is ready.</summary>
    public bool Wait { get; init; } = true;

    /// <summary>How long to wait at most; null to give up only when nothing moves any more.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Start although the server can be reached from other machines without a key.</summary>
    public bool Force { get; init; }
}

/// <summary>How far a start is.</summary>
/// <param name="State">The server's state.</param>
/// <param name="Activity">What it is doing, in a few words.</param>
/// <param name="Fraction">How much of that is done, from 0 to 1; null when that cannot be told.</param>
/// <param name="Elapsed">Time since the start was asked for.</param>
/// <param name="LogLine">A new line of the log; null when there is none.</param>
public sealed record StartProgress(ServerState State, string Activity, double? Fraction, TimeSpan Elapsed, string? LogLine);
