using LlmOps.Configuration;
using LlmOps.Engines;

namespace LlmOps.Servers;

/// <summary>What <c>launch.json</c> holds: all that the supervisor needs, so that it reads no YAML and starts fast. Never secrets.</summary>
internal sealed record LaunchRecord
{
    public int SchemaVersion { get; init; } = ServerRecord.CurrentSchema;

    /// <summary>The start that it is for.</summary>
    public required string Instance { get; init; }

    /// <summary>Whose log and answers are read; records of earlier versions are all of llama.cpp.</summary>
    public string Engine { get; init; } = EngineNames.LlamaCpp;

    public required string File { get; init; }

    public required IReadOnlyList<string> Arguments { get; init; }

    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>Variables whose values are the first line of a file, read at each start.</summary>
    public IReadOnlyDictionary<string, string>? SecretFiles { get; init; }

    /// <summary>Where the engine runs: where the start was asked for, so that relative paths mean what they meant there.</summary>
    public required string WorkingDirectory { get; init; }

    public required ServerEndpoint Endpoint { get; init; }

    public required string HealthPath { get; init; }

    public required RestartPolicy Restart { get; init; }

    /// <summary>Seconds without an answer and without work after which a server that was ready counts as hung; 0 never.</summary>
    public int UnresponsiveSeconds { get; init; } = new HealthPolicy().UnresponsiveSeconds;

    /// <summary>What the server should be once it answers; null in a record of an earlier version.</summary>
    public LaunchExpectation? Expectation { get; init; }

    /// <summary>How its log is kept.</summary>
    public LogPolicy Log { get; init; } = new();

    /// <summary>The model file; null when the engine finds it by itself.</summary>
    public string? Model { get; init; }

    public LaunchCommand Command => new(File, Arguments, Environment) { SecretFiles = SecretFiles };
}

/// <summary>What <c>stop.json</c> holds: how a stop that is about to be signalled is meant.</summary>
/// <param name="GraceSeconds">How long the engine may take to end by itself.</param>
/// <param name="Reason">Why; becomes the reason of the stopped server. Null for a stop that somebody asked for.</param>
internal sealed record StopRequest(double GraceSeconds, string? Reason);
