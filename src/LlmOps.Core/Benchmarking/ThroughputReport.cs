using System.Text.Json;
using LlmOps.Benchmarking.Reports;
using LlmOps.Benchmarking.Reports.Html;

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

    /// <summary>Comma-separated values with a header line, one line for each request; times in seconds.</summary>
    public static string ToRequestCsv(IReadOnlyList<ThroughputResult> results) => RequestCsv.Write(results);

    /// <summary>One HTML page with charts, tables, environment and commands, in light and dark; it needs no network and runs no script.</summary>
    /// <param name="results">One or more load points.</param>
    /// <param name="context">Title, environment and command; null when only the results are known.</param>
    public static string ToHtml(IReadOnlyList<ThroughputResult> results, ReportContext? context) => new HtmlReport(results, context ?? new ReportContext()).ToString();

    /// <summary>The report in any form.</summary>
    /// <param name="format">The form.</param>
    /// <param name="results">One or more load points.</param>
    /// <param name="context">Title, environment and command, where the form has a place for them.</param>
    public static string Write(ReportFormat format, IReadOnlyList<ThroughputResult> results, ReportContext? context) => format switch
    {
        ReportFormat.Html => ToHtml(results, context),
        ReportFormat.Json => ToJson(results),
        ReportFormat.Csv => ToCsv(results),
        ReportFormat.RequestCsv => ToRequestCsv(results),
        _ => ToMarkdown(results, context),
    };

    /// <summary>The form that a file's ending means; Markdown for an ending that means none.</summary>
    public static ReportFormat FormatOf(string file) => Path.GetExtension(file).ToUpperInvariant() switch
    {
        ".HTML" or ".HTM" => ReportFormat.Html,
        ".JSON" => ReportFormat.Json,
        ".CSV" => ReportFormat.Csv,
        _ => ReportFormat.Markdown,
    };
}
