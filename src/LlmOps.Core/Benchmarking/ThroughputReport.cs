using System.Text.Json;

namespace LlmOps.Benchmarking;

/// <summary>Writes results for people and for programs.</summary>
public static class ThroughputReport
{
    /// <summary>A Markdown page: environment, table, warnings, how to repeat it, and what each column means.</summary>
    /// <param name="results">One or more load points of one server.</param>
    /// <param name="context">Title, environment and command; null when only the results are known.</param>
    public static string ToMarkdown(IReadOnlyList<ThroughputResult> results, ReportContext? context) =>
        new MarkdownReport(results, context ?? new ReportContext()).ToString();

    /// <summary>A JSON array, one object per load point: camelCase, times in seconds, null where the server says nothing.</summary>
    public static string ToJson(IReadOnlyList<ThroughputResult> results) =>
        JsonSerializer.Serialize([.. results], BenchmarkingJsonContext.Default.ThroughputResultArray);

    /// <summary>A JSON array of what self-checks found, in the same style.</summary>
    public static string ToJson(IReadOnlyList<SelfCheck.SelfCheckResult> results) =>
        JsonSerializer.Serialize([.. results], BenchmarkingJsonContext.Default.SelfCheckResultArray);

    /// <summary>Comma-separated values with a header line, one line per load point; times in seconds.</summary>
    public static string ToCsv(IReadOnlyList<ThroughputResult> results) => CsvReport.Write(results);
}
