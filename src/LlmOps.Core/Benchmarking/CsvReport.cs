using System.Globalization;
using System.Text;

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
        ("clientCpuShare", static result => result.Client.CpuShare),
        ("clientCpuMicrosecondsPerToken", static result => result.Client.CpuMicrosecondsPerToken),
        ("clientStartDelaySecondsP99", static result => result.Client.StartDelaySecondsP99),
    ];

    public static string Write(IReadOnlyList<ThroughputResult> results)
    {
        StringBuilder text = new();
        AppendLine(text, static column => column.Name);
        foreach (ThroughputResult result in results)
        {
            AppendLine(text, column => column.Value(result));
        }

        return text.ToString();
    }

    private static (string Name, Func<ThroughputResult, object?> Value)[] Latency(string name, Func<ThroughputResult, LatencySummary> summary) =>
    [
        (name + "MeanSeconds", result => summary(result).Mean),
        (name + "P50Seconds", result => summary(result).P50),
        (name + "P90Seconds", result => summary(result).P90),
        (name + "P99Seconds", result => summary(result).P99),
        (name + "StandardDeviationSeconds", result => summary(result).StandardDeviation),
    ];

    private static void AppendLine(StringBuilder text, Func<(string Name, Func<ThroughputResult, object?> Value), object?> value)
    {
        for (int index = 0; index < s_columns.Length; index++)
        {
            text.Append(index == 0 ? "" : ",").Append(Quote(Convert.ToString(value(s_columns[index]), CultureInfo.InvariantCulture) ?? ""));
        }

        text.Append("\r\n");
    }

    private static string Quote(string value) =>
        value.AsSpan().ContainsAny(",\"\r\n") ? $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : value;
}
