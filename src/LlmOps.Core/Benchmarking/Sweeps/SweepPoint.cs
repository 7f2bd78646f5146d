namespace LlmOps.Benchmarking.Sweeps;

/// <summary>One combination of a sweep and what it gave.</summary>
public sealed record SweepPoint
{
    /// <summary>The server.</summary>
    public required string ServerName { get; init; }

    /// <summary>The values set, by the engine's long flag names.</summary>
    public required IReadOnlyDictionary<string, string> Options { get; init; }

    /// <summary>The load points measured; empty when the server did not start.</summary>
    public IReadOnlyList<ThroughputResult> Results { get; init; } = [];

    /// <summary>Its place, 1 for the best; null when it gave nothing. Not called a rank: in PowerShell every array has one.</summary>
    public int? Place { get; init; }

    /// <summary>The figure that it was ranked by, at the highest load measured.</summary>
    public double? Score { get; init; }

    /// <summary>Change against the best, in percent; 0 for the best itself.</summary>
    public double? ChangePercent { get; init; }

    /// <summary>Whether noise hides any difference from the best.</summary>
    public bool IsTiedWithBest { get; init; }

    /// <summary>Bytes that the server takes by the plan of these values, on all devices and in main memory; null when nothing was planned.</summary>
    public long? PlannedBytes { get; init; }

    /// <summary>Why the server did not start or could not be measured, with the diagnosis; null when it did.</summary>
    public string? Problem { get; init; }

    /// <summary>The values as text: <c>ubatch-size=512</c>.</summary>
    public string Text => string.Join(' ', Options.Select(option => $"{option.Key}={option.Value}"));
}

/// <summary>How far a sweep is.</summary>
/// <param name="Point">The combination at work, from 1; one more than <paramref name="Points"/> while the server is given back.</param>
/// <param name="Points">How many there are.</param>
/// <param name="Options">Its values as text.</param>
/// <param name="Activity">What is being done, in a few words.</param>
/// <param name="Measurement">How far the measurement of this point is; null while the server starts.</param>
public sealed record SweepProgress(int Point, int Points, string Options, string Activity, MeasurementProgress? Measurement);
