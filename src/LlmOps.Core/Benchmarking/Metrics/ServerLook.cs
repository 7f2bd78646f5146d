using LlmOps.Engines.Metrics;

namespace LlmOps.Benchmarking.Metrics;

/// <summary>What a server's own pages said at one moment.</summary>
/// <param name="At">The moment, by <see cref="MonotonicClock"/>.</param>
/// <param name="Reading">Its <c>/metrics</c>; null when it has none.</param>
/// <param name="Slots">Its <c>/slots</c>; empty when it has none.</param>
/// <param name="Notes">Why something is missing.</param>
internal sealed record ServerLook(long At, EngineReading? Reading, IReadOnlyList<SlotMetric> Slots, IReadOnlyList<string> Notes)
{
    /// <summary>Requests being computed.</summary>
    public int? Running => (int?)Reading?[MetricFigure.RequestsRunning] ?? (Slots.Count > 0 ? Slots.Count(slot => slot.IsBusy) : null);

    /// <summary>Requests waiting.</summary>
    public int? Waiting => (int?)Reading?[MetricFigure.RequestsWaiting];

    /// <summary>Share of the cache in use.</summary>
    /// <param name="sharedContext">Whether slots share one context (<c>--kv-unified</c>); null when that is not known.</param>
    public double? KvUsage(bool? sharedContext)
    {
        if (Reading?[MetricFigure.KvCacheUsage] is { } told)
        {
            return told;
        }

        SlotMetric[] known = [.. Slots.Where(slot => slot is { ContextLength: > 0, TokensHeld: not null })];
        if (known.Length == 0 || known.Length < Slots.Count || (sharedContext is null && known.Length > 1))
        {
            return null;
        }

        double room = sharedContext == true ? known.Max(slot => slot.ContextLength!.Value) : known.Sum(slot => slot.ContextLength!.Value);
        return Math.Min(1, known.Sum(slot => slot.TokensHeld!.Value) / room);
    }
}
