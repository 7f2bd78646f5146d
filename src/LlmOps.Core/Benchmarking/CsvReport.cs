using System.Globalization;
using LlmOps.Benchmarking.Reports;

namespace LlmOps.Benchmarking;

/// <summary>Comma-separated values by RFC 4180.</summary>
internal static class CsvReport
{
    private static readonly (string Name, Func<ThroughputResult, object?> Value)[] s_columns =
    [
        ("server", static result => result.ServerName),
        ("endpoint", static result => result.Endpoint),
        ("model", static result => result.Model),
        ("measuredAt", static result => result.MeasuredAt.ToString("O", CultureInfo.InvariantCulture)),
        ("concurrency", static result => result.Concurrency),
        ("requestRate", static result => result.RequestRate),
        ("sweptOptions", static result => string.Join(' ', result.SweptOptions.Select(option => $"{option.Key}={option.Value}"))),
        ("requests", static result => result.Requests),
        ("errors", static result => result.Errors),
        ("durationSeconds", static result => result.DurationSeconds),
        ("promptTokens", static result => result.PromptTokens),
        ("cachedPromptTokens", static result => result.CachedPromptTokens),
        ("outputTokens", static result => result.OutputTokens),
        ("outputTokensPerSecond", static result => result.OutputTokensPerSecond),
        ("totalTokensPerSecond", static result => result.TotalTokensPerSecond),
        ("decodeTokensPerSecond", static result => result.DecodeTokensPerSecond),
        ("goodputRequestsPerSecond", static result => result.GoodputRequestsPerSecond),
        .. Latency("ttft", static result => result.TtftSeconds),
        .. Latency("tpot", static result => result.TpotSeconds),
        .. Latency("itl", static result => result.ItlSeconds),
        .. Latency("e2e", static result => result.E2eSeconds),
        ("serverPromptTokensPerSecond", static result => result.Server.PromptTokensPerSecond),
        ("serverDecodeTokensPerSecond", static result => result.Server.DecodeTokensPerSecond),
        ("tokensPerJoule", static result => result.Observation?.TokensPerJoule),
        ("acceptanceRate", static result => ReportFigures.Acceptance(result)),
        ("acceptanceLength", static result => result.Observation?.Server?.AcceptanceLength),
        ("peakKvCacheUsage", static result => result.Observation?.Server?.PeakKvCacheUsage),
        ("preemptions", static result => result.Observation?.Server?.Preemptions),
        ("hostCpuShare", static result => result.Observation?.HostCpuShare),
        ("verdict", static result => result.Judgement?.Verdict),
        ("clientCpuShare", static result => result.Client.CpuShare),
        ("clientCpuMicrosecondsPerToken", static result => result.Client.CpuMicrosecondsPerToken),
        ("clientStartDelaySecondsP99", static result => result.Client.StartDelaySecondsP99),
    ];

    public static string Write(IReadOnlyList<ThroughputResult> results)
    {
        CsvText text = new();
        text.Line(s_columns.Select(static column => (object?)column.Name));
        foreach (ThroughputResult result in results)
        {
            text.Line(s_columns.Select(column => column.Value(result)));
        }

        return text.ToString();
    }

    private static (string Name, Func<ThroughputResult, object?> Value)[] Latency(string name, Func<ThroughputResult, LatencySummary> summary) =>
    [
        (name + "MeanSeconds", result => Known(summary(result))?.Mean),
        (name + "P50Seconds", result => Known(summary(result))?.P50),
        (name + "P90Seconds", result => Known(summary(result))?.P90),
        (name + "P99Seconds", result => Known(summary(result))?.P99),
        (name + "StandardDeviationSeconds", result => Known(summary(result))?.StandardDeviation),
    ];

    /// <summary>Of no value there is no figure, and 0 would be one.</summary>
    private static LatencySummary? Known(LatencySummary summary) => summary.Count == 0 ? null : summary;
}
