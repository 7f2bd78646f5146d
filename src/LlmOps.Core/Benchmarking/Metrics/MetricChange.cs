using LlmOps.Engines.Metrics;

namespace LlmOps.Benchmarking.Metrics;

/// <summary>What counters did between two looks.</summary>
internal sealed record MetricChange(ServerLook Before, ServerLook After)
{
    /// <summary>The time between the looks.</summary>
    public double Seconds => MonotonicClock.Seconds(Before.At, After.At);

    /// <summary>How much a counter grew; null when it is not told, or went back because the server was restarted.</summary>
    public double? this[MetricFigure figure] =>
        Before.Reading?[figure] is { } before && After.Reading?[figure] is { } after && after >= before ? after - before : null;

    /// <summary>How much a counter grew a second.</summary>
    public double? Rate(MetricFigure figure) => Seconds > 0 ? this[figure] / Seconds : null;

    /// <summary>How much one counter grew for each of another; null when the other did not grow.</summary>
    public double? Ratio(MetricFigure figure, MetricFigure per) => this[per] is > 0 and { } divisor ? this[figure] / divisor : null;
}

/// <summary>How well speculation guesses.</summary>
internal static class Acceptance
{
    /// <summary>Accepted / proposed; null without drafts.</summary>
    public static double? Rate(double? proposed, double? accepted) => proposed is > 0 and { } count ? accepted / count : null;

    /// <summary>Tokens of one verification step: 1 + accepted / steps; null without drafts.</summary>
    public static double? Length(double? steps, double? accepted) => steps is > 0 and { } count ? 1 + (accepted / count) : null;
}
