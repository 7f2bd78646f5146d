namespace LlmOps.Diagnostics.Reports;

/// <summary>The form of a report of checks.</summary>
public enum CheckReportFormat
{
    /// <summary>A page for people.</summary>
    Markdown,

    /// <summary>JUnit's XML, which build servers read: a test a check.</summary>
    JUnit,
}
