namespace LlmOps.Benchmarking;

/// <summary>One load to offer.</summary>
internal sealed record LoadPoint : RequestShape
{
    /// <summary>Streams of a closed loop.</summary>
    public int Concurrency { get; init; } = 1;

    /// <summary>Requests a second of an open loop; null for a closed loop.</summary>
    public double? Rate { get; init; }

    public ArrivalProcess Arrival { get; init; }

    public double Burstiness { get; init; } = 1;

    /// <summary>The most requests of an open loop in flight; null for no limit.</summary>
    public int? MaximumInFlight { get; init; }

    /// <summary>Counted requests at most.</summary>
    public required int RequestLimit { get; init; }

    /// <summary>No counted request is due later than this after the ramp; null means no limit.</summary>
    public TimeSpan? Duration { get; init; }

    public TimeSpan Ramp { get; init; }

    public TimeSpan CoolDown { get; init; }

    /// <summary>How long requests may go on after the duration; the cool-down when that is longer.</summary>
    public TimeSpan Grace { get; init; } = MeasurementOptions.DefaultGrace;

    public required TimeSpan RequestTimeout { get; init; }

    public int? Seed { get; init; }
}
