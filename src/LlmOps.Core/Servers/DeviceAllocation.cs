using System.Globalization;

namespace LlmOps.Servers;

/// <summary>What a server's engine allocated on one device, as its log tells, beside what the plan said.</summary>
public sealed record DeviceAllocation
{
    /// <summary>What main memory is called.</summary>
    public const string Host = "Host";

    /// <summary>The engine's device name; <c>Host</c> for main memory.</summary>
    public required string Device { get; init; }

    /// <summary>The GPU's stable identity; null for main memory, and where the configuration names none.</summary>
    public string? Uuid { get; init; }

    /// <summary>What the plan said, without the driver's own overhead, in bytes; null without a plan.</summary>
    public long? PlannedBytes { get; init; }

    /// <summary>Weights, in bytes.</summary>
    public long WeightsBytes { get; init; }

    /// <summary>Keys and values of the context, in bytes.</summary>
    public long KvCacheBytes { get; init; }

    /// <summary>State of recurrent layers, in bytes.</summary>
    public long RecurrentBytes { get; init; }

    /// <summary>Scratch memory and results, in bytes.</summary>
    public long ComputeBytes { get; init; }

    /// <summary>All that was allocated, in bytes.</summary>
    public long ActualBytes => WeightsBytes + KvCacheBytes + RecurrentBytes + ComputeBytes;

    /// <summary>How far the plan was off, in percent of what was allocated; positive when it said too much. Null when either is unknown.</summary>
    public double? ErrorPercent => PlannedBytes is { } planned && ActualBytes > 0 ? Math.Round(100d * (planned - ActualBytes) / ActualBytes, 1) : null;

    internal bool IsHost => Device == Host;

    /// <inheritdoc />
    public override string ToString()
    {
        string error = ErrorPercent is { } percent ? percent.ToString("', '+0.0' %';', '-0.0' %';', '0.0' %'", CultureInfo.InvariantCulture) : string.Empty;
        return PlannedBytes is { } planned
            ? $"{Device}: {Bytes.Format(ActualBytes)} (planned {Bytes.Format(planned)}{error})"
            : $"{Device}: {Bytes.Format(ActualBytes)}";
    }
}
