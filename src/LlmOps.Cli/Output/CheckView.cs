using LlmOps.Diagnostics;
using Spectre.Console;

namespace LlmOps.Cli.Output;

/// <summary>Check results as people want to see them: what needs doing stands out.</summary>
internal static class CheckView
{
    /// <summary>Writes the findings and a line that counts them.</summary>
    /// <param name="console">Where to.</param>
    /// <param name="results">The findings.</param>
    /// <param name="withSkipped">Whether checks that do not apply have a row; else they are only counted.</param>
    public static void Write(IAnsiConsole console, IReadOnlyList<CheckResult> results, bool withSkipped)
    {
        Table table = Screen.Table("Check", "Status", "Finding");
        foreach (CheckResult result in results.Where(result => withSkipped || result.Status != CheckStatus.Skip))
        {
            table.AddRow(new Text(result.Id), new Text(result.Status.ToString(), StyleOf(result.Status)), new Text(Finding(result)));
        }

        if (table.Rows.Count > 0)
        {
            console.Write(table);
        }

        console.Line(string.Join(", ", results.CountBy(result => result.Status).OrderBy(group => group.Key).Select(group => $"{group.Value} {Word(group.Key)}{(group.Key == CheckStatus.Skip && !withSkipped ? " (--all shows them)" : string.Empty)}")) + (results.Count(result => result.Blocks) is > 0 and var blocking ? $"; {blocking} {(blocking == 1 ? "keeps" : "keep")} a server from starting" : string.Empty));
    }

    private static string Finding(CheckResult result)
    {
        string finding = result.Message;
        if (result.Status is CheckStatus.Warn or CheckStatus.Fail)
        {
            finding += (result.Evidence is { } evidence ? $"\nseen: {evidence}" : string.Empty) + (result.Why is { } why ? $"\nwhy: {why}" : string.Empty) + (result.Remedy is { } remedy ? $"\ndo: {remedy}" : string.Empty);
        }

        return finding;
    }

    private static string Word(CheckStatus status) => status switch
    {
        CheckStatus.Pass => "in order",
        CheckStatus.Warn => "could be better",
        CheckStatus.Fail => "will not work",
        _ => "skipped",
    };

    private static Style StyleOf(CheckStatus status) => new(status switch
    {
        CheckStatus.Pass => Color.Green,
        CheckStatus.Warn => Color.Yellow,
        CheckStatus.Fail => Color.Red,
        _ => Color.Grey,
    });
}
