using System.Globalization;
using System.Text;
using LlmOps.Benchmarking.Judgement;

namespace LlmOps.Benchmarking.Reports.Html;

/// <summary>One page that holds everything: no script, no network, light and dark.</summary>
internal sealed class HtmlReport(IReadOnlyList<ThroughputResult> results, ReportContext context)
{
    private const int MostJudgementsShown = 4;

    private readonly StringBuilder _html = new();

    public override string ToString()
    {
        string title = context.Title ?? (results.Count == 0 ? "Nothing" : string.Join(", ", results.Select(result => result.ServerName).Distinct()));
        _html.Clear();
        _html.Append("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">");

        // Nothing on the page may fetch or run anything, whatever a name from outside contains.
        _html.Append("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">");
        _html.Append($"<title>Throughput of {HtmlText.Of(title)}</title><style>{HtmlStyle.Css}{TabRules()}</style></head><body><main>");
        _html.Append($"<header><h1>Throughput of {HtmlText.Of(title)}</h1>");
        if (results.Count == 0)
        {
            return _html.Append("<p>No load point was measured.</p></header></main></body></html>\n").ToString();
        }

        AppendHeader();
        _html.Append("</header>");
        AppendTiles();
        AppendJudgement();
        AppendWarnings();
        _html.Append(new LoadCharts(results).ToString());
        _html.Append(new PointTabs(results).ToString());
        _html.Append(new ReportTables(results).ToString());
        AppendEnvironment();
        AppendRepeat();
        AppendDefinitions();
        return _html.Append("<footer>Written by LlmOps. The page needs no network and runs no script.</footer></main></body></html>\n").ToString();
    }

    private string TabRules() => string.Concat(Enumerable.Range(0, results.Count).Select(index => $"#t{index}:checked~#p{index}{{display:block}}"));

    private void AppendHeader()
    {
        ThroughputResult first = results[0];
        string models = string.Join(", ", results.Select(result => result.Model).Distinct());
        _html.Append($"<p class=\"sub\">{HtmlText.Of(models)} at {HtmlText.Of(first.Endpoint)} · {first.RequestedPromptTokens} prompt and {first.RequestedOutputTokens} generated tokens a request · "
            + $"<time datetime=\"{first.MeasuredAt.ToString("O", CultureInfo.InvariantCulture)}\">{first.MeasuredAt.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)} UTC</time></p>");
    }

    private void AppendTiles()
    {
        ThroughputResult fastest = results.MaxBy(result => result.OutputTokensPerSecond)!;
        ThroughputResult lightest = results.MinBy(LoadAxis.Of)!;
        _html.Append("<ul class=\"tiles\">");
        Tile(HtmlText.Number(fastest.OutputTokensPerSecond), "output tokens/s at most", $"at {LoadAxis.Name(fastest)}");
        Tile(HtmlText.Time(lightest.TtftSeconds.Count == 0 ? null : lightest.TtftSeconds.P50), "time to first token, median", $"at {LoadAxis.Name(lightest)}");
        Tile(HtmlText.Number(lightest.TpotSeconds is { Count: > 0, P50: > 0 } tpot ? 1 / tpot.P50 : null), "tokens/s of each stream, median", $"at {LoadAxis.Name(lightest)}, after its first token");
        int requests = results.Sum(result => result.Requests);
        int errors = results.Sum(result => result.Errors);
        Tile(errors == 0 ? "none" : $"{errors}", errors == 1 ? "request failed" : "requests failed", $"of {HtmlText.Number(requests)}");
        if (results.Max(result => result.Observation?.TokensPerJoule) is { } frugal)
        {
            Tile(HtmlText.Number(frugal), "tokens a joule at best", "energy of the GPUs");
        }

        _html.Append("</ul>");
    }

    private void Tile(string value, string name, string detail) =>
        _html.Append($"<li class=\"card\"><b>{HtmlText.Of(value)}</b>{HtmlText.Of(name)}<small>{HtmlText.Of(detail)}</small></li>");

    private void AppendJudgement()
    {
        ThroughputResult[] judged = [.. results.Where(result => result.Judgement is not null)];
        if (judged.Length == 0)
        {
            return;
        }

        bool many = judged.Length > MostJudgementsShown;
        _html.Append("<h2>Against the prediction</h2><div class=\"card\">");
        for (int index = 0; index < judged.Length; index++)
        {
            if (many && index == MostJudgementsShown)
            {
                _html.Append($"<details><summary>{judged.Length - MostJudgementsShown} more loads</summary>");
            }

            PointJudgement judgement = judged[index].Judgement!;
            string kind = judgement.Verdict switch { PointVerdict.Short => "bad", PointVerdict.AsPredicted or PointVerdict.Above => "good", _ => "soft" };
            _html.Append($"<p><strong>{HtmlText.Of(LoadAxis.Name(judged[index]))}</strong>: <span class=\"{kind}\">{HtmlText.Of(judgement.Summary)}</span></p>");
        }

        _html.Append(many ? "</details>" : "");
        LikelyCause[] causes = [.. judged.SelectMany(result => result.Judgement!.Causes).DistinctBy(cause => cause.Id)];
        if (causes.Length > 0)
        {
            _html.Append("<h3>Likely causes, and what to try</h3><ul class=\"causes\">");
            foreach (LikelyCause cause in causes)
            {
                string option = cause.Option is null ? "" : $" <code>--{HtmlText.Of(cause.Option)}</code>";
                _html.Append($"<li>{HtmlText.Of(cause.Cause)}.{option}<br><span class=\"soft\">{HtmlText.Of(cause.Remedy)}</span></li>");
            }

            _html.Append("</ul>");
        }

        _html.Append("</div>");
    }

    private void AppendWarnings()
    {
        if (!results.Any(result => result.Warnings.Count > 0))
        {
            return;
        }

        _html.Append("<h2>What makes these figures less than they look</h2><div class=\"card notes\"><ul>");
        foreach (ThroughputResult result in results)
        {
            foreach (string warning in result.Warnings)
            {
                _html.Append($"<li>{HtmlText.Of(LoadAxis.Name(result))}: {HtmlText.Of(warning)}</li>");
            }
        }

        _html.Append("</ul></div>");
    }

    private void AppendEnvironment()
    {
        (string Name, string Value)[] facts =
        [
            .. context.Environment.Select(fact => (fact.Key, fact.Value)),
            .. results.SelectMany(result => result.Environment?.Facts ?? []).Distinct().Select(fact => (fact.Name, fact.Value)),
        ];
        _html.Append("<h2>Environment</h2><div class=\"card\"><dl>");
        foreach ((string name, string value) in facts)
        {
            _html.Append($"<dt>{HtmlText.Of(name)}</dt><dd>{HtmlText.Of(value)}</dd>");
        }

        _html.Append(facts.Length == 0 ? "<dt>Not known</dt><dd>The data say nothing of the machine.</dd></dl></div>" : "</dl></div>");
    }

    private void AppendRepeat()
    {
        _html.Append("<h2>How to repeat it</h2>");
        string[] servers = [.. results.Select(result => result.Environment?.ServerCommand).OfType<string>().Distinct()];
        if (servers.Length > 0)
        {
            _html.Append($"<p>The server was started with</p><pre>{HtmlText.Of(servers[0])}</pre>");
            if (servers.Length > 1)
            {
                _html.Append($"<details><summary>{servers.Length - 1} more commands, one for each other start</summary>{string.Concat(servers.Skip(1).Select(server => $"<pre>{HtmlText.Of(server)}</pre>"))}</details>");
            }
        }

        _html.Append($"<p>{(servers.Length > 0 ? "and measured" : "Measured")} with</p><pre>{HtmlText.Of(context.RepeatCommand ?? RepeatCommand.Of(results))}</pre>");
    }

    private void AppendDefinitions()
    {
        _html.Append("<h2>What the figures mean</h2><div class=\"card\"><dl>");
        foreach (FigureDefinition figure in FigureDefinitions.All)
        {
            _html.Append($"<dt>{HtmlText.Of(figure.Name)}</dt><dd>{HtmlText.OfMarked(figure.Matches.Length == 0 ? figure.Meaning : $"{figure.Meaning}. Compare: {figure.Matches}")}</dd>");
        }

        _html.Append("</dl></div>");
    }
}
