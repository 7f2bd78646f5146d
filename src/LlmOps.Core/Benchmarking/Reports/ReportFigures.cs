namespace LlmOps.Benchmarking.Reports;

/// <summary>Figures that reports compute of a result.</summary>
internal static class ReportFigures
{
    /// <summary>Draft tokens accepted / proposed, by the server's timings or its counters; null without drafts.</summary>
    public static double? Acceptance(ThroughputResult result) =>
        result.Server.DraftTokens is > 0 and { } proposed ? (result.Server.DraftTokensAccepted ?? 0) / (double)proposed : result.Observation?.Server?.AcceptanceRate;
}
