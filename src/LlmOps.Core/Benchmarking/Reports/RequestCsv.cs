using System.Globalization;

namespace LlmOps.Benchmarking.Reports;

/// <summary>Every request as a line of comma-separated values.</summary>
internal static class RequestCsv
{
    private static readonly (string Name, Func<ThroughputResult, RequestFigures, object?> Value)[] s_columns =
    [
        ("server", static (result, _) => result.ServerName),
        ("load", static (result, _) => LoadAxis.Name(result)),
        ("measuredAt", static (result, _) => result.MeasuredAt.ToString("O", CultureInfo.InvariantCulture)),
        ("dueSeconds", static (_, request) => request.DueSeconds),
        ("startedSeconds", static (_, request) => request.StartedSeconds),
        ("endedSeconds", static (_, request) => request.EndedSeconds),
        ("ttftSeconds", static (_, request) => request.TtftSeconds),
        ("tpotSeconds", static (_, request) => request.TpotSeconds),
        ("longestItlSeconds", static (_, request) => request.LongestItlSeconds),
        ("e2eSeconds", static (_, request) => request.E2eSeconds),
        ("promptTokens", static (_, request) => request.PromptTokens),
        ("cachedTokens", static (_, request) => request.CachedTokens),
        ("outputTokens", static (_, request) => request.OutputTokens),
        ("chunks", static (_, request) => request.Chunks),
        ("turn", static (_, request) => request.Turn),
        ("metSlo", static (_, request) => request.MetSlo),
        ("serverPromptTokensPerSecond", static (_, request) => request.ServerPromptTokensPerSecond),
        ("serverDecodeTokensPerSecond", static (_, request) => request.ServerDecodeTokensPerSecond),
        ("draftTokens", static (_, request) => request.DraftTokens),
        ("draftTokensAccepted", static (_, request) => request.DraftTokensAccepted),
        ("id", static (_, request) => request.Id),
        ("error", static (_, request) => request.Error),
        ("errorDetail", static (_, request) => request.ErrorDetail),
    ];

    public static string Write(IReadOnlyList<ThroughputResult> results)
    {
        CsvText text = new();
        text.Line(s_columns.Select(static column => (object?)column.Name));
        foreach (ThroughputResult result in results)
        {
            foreach (RequestFigures request in result.Samples)
            {
                text.Line(s_columns.Select(column => column.Value(result, request)));
            }
        }

        return text.ToString();
    }
}
