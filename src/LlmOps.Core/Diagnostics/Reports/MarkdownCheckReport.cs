using System.Globalization;
using System.Text;

namespace LlmOps.Diagnostics.Reports;

/// <summary>A page for people: what keeps a server from starting first, then what could be better, then the rest in one table.</summary>
internal static class MarkdownCheckReport
{
    public static string Write(IReadOnlyList<CheckResult> results, CheckReportContext context)
    {
        StringBuilder page = new();
        page.Append(CultureInfo.InvariantCulture, $"# Environment of {Inline(context.Subject)}\n\n");
        page.Append(CultureInfo.InvariantCulture, $"{context.At.UtcDateTime:yyyy-MM-dd HH:mm} UTC: {Summary(results)}\n");
        Section(page, "Will not work", results.Where(result => result.Status == CheckStatus.Fail));
        Section(page, "Could be better", results.Where(result => result.Status == CheckStatus.Warn));
        CheckResult[] rest = [.. results.Where(result => result.Status is CheckStatus.Pass or CheckStatus.Skip)];
        if (rest.Length > 0)
        {
            page.Append("\n## In order, or not looked at\n\n| check | outcome | finding | seen |\n|---|---|---|---|\n");
            foreach (CheckResult result in rest)
            {
                page.Append(CultureInfo.InvariantCulture, $"| `{result.Id}` | {(result.Status == CheckStatus.Pass ? "in order" : "skipped")} | {Cell(result.Message)} | {Cell(result.Evidence ?? string.Empty)} |\n");
            }
        }

        return page.ToString();
    }

    /// <summary>One line: how many of each outcome.</summary>
    private static string Summary(IReadOnlyList<CheckResult> results)
    {
        int Count(CheckStatus status) => results.Count(result => result.Status == status);
        int blocking = results.Count(result => result.Blocks);
        return string.Create(CultureInfo.InvariantCulture,
            $"{results.Count} checks, {Count(CheckStatus.Pass)} in order, {Count(CheckStatus.Warn)} could be better, {Count(CheckStatus.Fail)} will not work, {Count(CheckStatus.Skip)} skipped{(blocking > 0 ? $"; {blocking} {(blocking == 1 ? "keeps" : "keep")} a server from starting" : string.Empty)}.");
    }

    private static void Section(StringBuilder page, string title, IEnumerable<CheckResult> results)
    {
        CheckResult[] found = [.. results.OrderByDescending(result => result.Blocks)];
        if (found.Length == 0)
        {
            return;
        }

        page.Append(CultureInfo.InvariantCulture, $"\n## {title}\n");
        foreach (CheckResult result in found)
        {
            page.Append(CultureInfo.InvariantCulture, $"\n### `{result.Id}`: {Inline(result.Message)}\n\n");
            Point(page, "Seen", result.Evidence);
            Point(page, "Why it matters", result.Why);
            Point(page, "Keeps a server from starting", result.Blocks ? "yes" : null);
            Point(page, "Remedy", result.Remedy);
            if (result.Commands.Count > 0)
            {
                string fence = new('`', Math.Max(3, result.Commands.Max(command => LongestRun(command.Text)) + 1));
                page.Append(CultureInfo.InvariantCulture, $"\n{fence}sh\n{string.Join('\n', result.Commands.Select(command => command.Text))}\n{fence}\n");
            }
        }
    }

    private static void Point(StringBuilder page, string name, string? text)
    {
        if (text is not null)
        {
            page.Append(CultureInfo.InvariantCulture, $"- {name}: {Inline(text)}\n");
        }
    }

    private static int LongestRun(string text)
    {
        int longest = 0;
        int run = 0;
        foreach (char letter in text)
        {
            run = letter == '`' ? run + 1 : 0;
            longest = Math.Max(longest, run);
        }

        return longest;
    }

    private static string Cell(string text) => Inline(text).Replace("|", "\\|", StringComparison.Ordinal);

    // What a machine says of itself must not become headings, links or HTML.
    private static string Inline(string text)
    {
        StringBuilder safe = new(text.Length);
        foreach (char letter in string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)))
        {
            safe.Append(letter switch
            {
                '<' => "&lt;",
                '>' => "&gt;",
                '&' => "&amp;",
                '*' or '_' or '`' or '[' or ']' or '\\' or '#' => $"\\{letter}",
                _ when char.IsControl(letter) => "\uFFFD",
                _ => letter.ToString(),
            });
        }

        return safe.ToString();
    }
}
