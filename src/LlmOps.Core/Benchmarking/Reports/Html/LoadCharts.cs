using System.Text;

namespace LlmOps.Benchmarking.Reports.Html;

/// <summary>Latency and throughput against load.</summary>
internal sealed class LoadCharts(IReadOnlyList<ThroughputResult> results)
{
    /// <summary>A chart with more groups than this shows one line each.</summary>
    private const int GroupsWithPercentiles = 2;

    /// <summary>Strokes of groups, for those who cannot tell their colours apart.</summary>
    private static readonly string[] s_strokes = ["", "7 4", "2 3", "9 3 2 3", "4 2"];

    private readonly StringBuilder _html = new();
    private readonly bool _isOneLoad = results.Select(LoadAxis.Load).Distinct().Count() == 1 && results.GroupBy(LoadAxis.Group).All(group => group.Count() == 1);

    public override string ToString()
    {
        _html.Append($"<h2>{(_isOneLoad ? $"At {HtmlText.Of(LoadAxis.Load(results[0]))}" : "Against load")}</h2><div class=\"grid\">");
        IGrouping<string, ThroughputResult>[] groups = [.. results.GroupBy(LoadAxis.Group)];
        string load = LoadAxis.Label(results);
        Throughput(groups, load);
        Latency(groups, load, "Time to first token", "ms", result => result.TtftSeconds);
        Latency(groups, load, "Time per output token", "ms", result => result.TpotSeconds);
        Latency(groups, load, "End-to-end time", "s", result => result.E2eSeconds);
        return _html.Append("</div>").ToString();
    }

    private void Throughput(IGrouping<string, ThroughputResult>[] groups, string load)
    {
        List<ChartSeries> series = [];
        for (int at = 0; at < groups.Length; at++)
        {
            string prefix = groups.Length > 1 ? groups[at].Key : "";
            ThroughputResult[] points = [.. groups[at].OrderBy(LoadAxis.Of)];
            series.Add(new ChartSeries(groups.Length > 1 ? prefix : "output", at, Stroke(groups, at), [.. points.Select(result => new ChartPoint(
                LoadAxis.Of(result), result.OutputTokensPerSecond, $"{LoadAxis.Name(result)}: {HtmlText.Number(result.OutputTokensPerSecond)} output tokens/s")
            {
                Range = result.OutputTokensPerSecondInterval is { } interval ? (interval.Low, interval.High) : null,
            })])
            { IsFilled = groups.Length == 1 });
            if (groups.Length <= GroupsWithPercentiles)
            {
                series.Add(new ChartSeries($"{prefix} prompt and output".Trim(), at, "5 4", [.. points.Select(result => new ChartPoint(
                    LoadAxis.Of(result), result.TotalTokensPerSecond, $"{LoadAxis.Name(result)}: {HtmlText.Number(result.TotalTokensPerSecond)} tokens/s in all"))]));
            }
        }

        ThroughputResult best = results.MaxBy(result => result.OutputTokensPerSecond)!;
        string description = $"Most output tokens a second: {HtmlText.Number(best.OutputTokensPerSecond)} at {LoadAxis.Name(best)}";
        Figure("Throughput", _isOneLoad ? "tokens a second of all streams together; thin lines are 95 % intervals" : "tokens a second of all streams together; bars are 95 % intervals", description, load, "tokens/s", series);
    }

    private void Latency(IGrouping<string, ThroughputResult>[] groups, string load, string name, string unit, Func<ThroughputResult, LatencySummary> summary)
    {
        double factor = unit == "ms" ? 1000 : 1;
        (string Name, string Dash, Func<LatencySummary, double> Of)[] lines =
        [
            ("median", "", latency => latency.P50),
            ("p90", "6 4", latency => latency.P90),
            ("p99", "2 3", latency => latency.P99),
        ];
        List<ChartSeries> series = [];
        for (int at = 0; at < groups.Length; at++)
        {
            ThroughputResult[] points = [.. groups[at].OrderBy(LoadAxis.Of).Where(result => summary(result).Count > 0)];
            foreach ((string percentile, string dash, Func<LatencySummary, double> of) in groups.Length <= GroupsWithPercentiles ? lines : lines[..1])
            {
                string label = groups.Length > 1 ? $"{groups[at].Key} {percentile}" : percentile;
                series.Add(new ChartSeries(label, groups.Length > 1 ? at : Array.FindIndex(lines, line => line.Name == percentile), groups.Length > GroupsWithPercentiles ? Stroke(groups, at) : dash, [.. points.Select(result =>
                    new ChartPoint(LoadAxis.Of(result), of(summary(result)) * factor, $"{LoadAxis.Name(result)}: {percentile} {HtmlText.Time(of(summary(result)))}"))]));
            }
        }

        if (series.TrueForAll(line => line.Points.Count == 0))
        {
            return;
        }

        ThroughputResult worst = results.Where(result => summary(result).Count > 0).MaxBy(result => summary(result).P99)!;
        string description = $"Longest 99th percentile: {HtmlText.Time(summary(worst).P99)} at {LoadAxis.Name(worst)}";
        Figure(name, groups.Length <= GroupsWithPercentiles ? "median, 90th and 99th percentile of the requests" : "median of the requests", description, load, unit, series);
    }

    private static string Stroke(IGrouping<string, ThroughputResult>[] groups, int at) => groups.Length > GroupsWithPercentiles ? s_strokes[at % s_strokes.Length] : "";

    private void Figure(string name, string detail, string description, string load, string unit, IReadOnlyList<ChartSeries> series)
    {
        string title = $"{name} against load";
        string drawing = _isOneLoad ? BarChart.Draw(title, description, series, unit) : new LineChart(title, description, load, unit).OverLoad(series) + ChartFrame.Legend(series);
        _html.Append($"<figure class=\"card\"><figcaption>{HtmlText.Of(name)}<small>{HtmlText.Of(detail)}</small></figcaption>{drawing}</figure>");
    }
}
