namespace LlmOps.Diagnostics.Reports;

/// <summary>Writes what checks found, for people and for build servers.</summary>
public static class CheckReport
{
    /// <summary>The form that a file's ending names: <c>.xml</c> is JUnit, all others are Markdown.</summary>
    public static CheckReportFormat FormatOf(string file) =>
        Path.GetExtension(file).Equals(".xml", StringComparison.OrdinalIgnoreCase) ? CheckReportFormat.JUnit : CheckReportFormat.Markdown;

    /// <summary>The report as text.</summary>
    /// <param name="format">The form.</param>
    /// <param name="results">What the checks found.</param>
    /// <param name="context">What was checked, and when.</param>
    public static string Write(CheckReportFormat format, IReadOnlyList<CheckResult> results, CheckReportContext context) => format switch
    {
        CheckReportFormat.JUnit => JUnitReport.Write(results, context),
        _ => MarkdownCheckReport.Write(results, context),
    };
}

/// <summary>What a report says of the run besides its findings.</summary>
public sealed record CheckReportContext
{
    /// <summary>What was checked: a machine's or a configuration's name.</summary>
    public string Subject { get; init; } = Environment.MachineName;

    /// <summary>When.</summary>
    public DateTimeOffset At { get; init; } = TimeProvider.System.GetUtcNow();
}
