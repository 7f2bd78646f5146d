namespace LlmOps.Benchmarking;

/// <summary>The form of a report.</summary>
public enum ReportFormat
{
    /// <summary>A page for people, as text.</summary>
    Markdown,

    /// <summary>A page for people, with charts.</summary>
    Html,

    /// <summary>A JSON array, one object for each load point with each of its requests; what a baseline is read from.</summary>
    Json,

    /// <summary>Comma-separated values with a header line, a line for each load point.</summary>
    Csv,

    /// <summary>Comma-separated values with a header line, a line for each request.</summary>
    RequestCsv,
}
