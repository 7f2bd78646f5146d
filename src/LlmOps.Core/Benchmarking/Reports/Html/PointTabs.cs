using System.Text;
using LlmOps.Benchmarking.Observation;

namespace LlmOps.Benchmarking.Reports.Html;

/// <summary>Each load point on its own: over time, and how its latencies are distributed. Chosen by keyboard or mouse, without a script.</summary>
internal sealed class PointTabs(IReadOnlyList<ThroughputResult> results)
{
    private readonly StringBuilder _html = new();

    public override string ToString()
    {
        _html.Append("<h2>Each load on its own</h2><div class=\"tabs\" role=\"group\" aria-label=\"Load point\">");
        for (int index = 0; index < results.Count; index++)
        {
            string chosen = index == 0 ? " checked" : "";
            _html.Append($"<input type=\"radio\" name=\"point\" id=\"t{index}\"{chosen}><label for=\"t{index}\">{HtmlText.Of(LoadAxis.Name(results[index]))}</label>");
        }

        for (int index = 0; index < results.Count; index++)
        {
            _html.Append($"<section id=\"p{index}\" aria-label=\"{HtmlText.Of(LoadAxis.Name(results[index]))}\">");
            Append(results[index]);
            _html.Append("</section>");
        }

        return _html.Append("</div>").ToString();
    }

    private void Append(ThroughputResult result)
    {
        if (result.Samples.Count == 0)
        {
            _html.Append("<div class=\"card\"><p class=\"soft\">The data hold no single requests of this load.</p></div>");
            return;
        }

        Waterfall(result);
        _html.Append("<div class=\"grid\">");
        Rates(result);
        Machine(result);
        Histogram("TTFT", "Time to first token", result.Samples.Select(request => request.TtftSeconds));
        Histogram("TPOT", "Time per output token", result.Samples.Select(request => request.TpotSeconds));
        Histogram("E2E", "End-to-end time", result.Samples.Select(request => request.E2eSeconds));
        _html.Append("</div>");
    }

    private void Waterfall(ThroughputResult result)
    {
        IReadOnlyList<RequestFigures> shown = WaterfallChart.Choose(result.Samples);
        string detail = shown.Count < result.Samples.Count ? $"{shown.Count} of {result.Samples.Count} requests, evenly chosen" : $"{HtmlText.Count(shown.Count, "request")}, in the order in which they were due";
        _html.Append($"<figure class=\"card\"><figcaption>Requests over time<small>{detail}</small></figcaption>{WaterfallChart.Draw(shown, result.Samples.Count)}"
            + "<ul class=\"legend\"><li><i style=\"background:var(--c7)\"></i>waiting in the client</li><li><i style=\"background:var(--c4)\"></i>until the first token</li>"
            + "<li><i style=\"background:var(--c0)\"></i>generating</li><li><i style=\"background:var(--bad)\"></i>failed</li></ul></figure>");
    }

    private void Rates(ThroughputResult result)
    {
        IReadOnlyList<TimelineSlice> slices = result.Timeline;
        if (slices.Count < 2)
        {
            return;
        }

        double end = slices[^1].StartSeconds + slices[^1].DurationSeconds;
        Timeline("Output tokens a second", "as they arrived", "tokens/s", end, [Slices("output tokens/s", 0, slice => slice.OutputTokensPerSecond)]);
        Timeline("Requests in flight", "mean of each slice of time", "requests", end, [Slices("in flight", 1, slice => slice.InFlight)]);

        ChartSeries Slices(string name, int colour, Func<TimelineSlice, double> value) =>
            new(name, colour, "", [.. slices.Select(slice => new ChartPoint(slice.StartSeconds + (slice.DurationSeconds / 2), value(slice), ""))]) { HasMarks = false, IsFilled = true };
    }

    private void Machine(ThroughputResult result)
    {
        IReadOnlyList<ObservedMoment> moments = result.Observation?.Moments ?? [];
        if (moments.Count < 2)
        {
            return;
        }

        ChartSeries[] shares = [.. new[]
        {
            Series("GPU busy", 0, "", moment => moment.GpuUtilizationPercent),
            Series("processors busy", 1, "6 4", moment => 100 * moment.HostCpuShare),
            Series("cache in use", 2, "2 3", moment => 100 * moment.KvCacheUsage),
        }.Where(line => line.Points.Count > 1)];
        if (shares.Length > 0)
        {
            Timeline("What the machine did", string.Join(", ", shares.Select(line => line.Name)) + ": share of the whole", "percent", moments[^1].Seconds, shares);
        }

        ChartSeries power = Series("power of all GPUs", 1, "", moment => moment.GpuPowerWatts);
        if (power.Points.Count > 1)
        {
            Timeline("GPU power", "of all GPUs together", "watts", moments[^1].Seconds, [power with { IsFilled = true }]);
        }

        ChartSeries Series(string name, int colour, string dash, Func<ObservedMoment, double?> value) => new(name, colour, dash,
            [.. moments.Where(moment => value(moment) is not null).Select(moment => new ChartPoint(moment.Seconds, value(moment)!.Value, ""))]) { HasMarks = false };
    }

    private void Timeline(string name, string detail, string unit, double seconds, IReadOnlyList<ChartSeries> series)
    {
        double[] values = [.. series[0].Points.Select(point => point.Y)];
        LineChart chart = new(name, $"From {HtmlText.Number(values.Min())} to {HtmlText.Number(values.Max())} {unit} over {HtmlText.Time(seconds)}", "seconds since the load began", unit);
        _html.Append($"<figure class=\"card\"><figcaption>{HtmlText.Of(name)}<small>{HtmlText.Of(detail)}</small></figcaption>{chart.OverTime(series, seconds)}{ChartFrame.Legend(series)}</figure>");
    }

    private void Histogram(string name, string title, IEnumerable<double?> values)
    {
        double[] seconds = [.. values.OfType<double>()];
        if (seconds.Length > 0)
        {
            _html.Append($"<figure class=\"card\"><figcaption>{HtmlText.Of(title)}<small>distribution over {HtmlText.Count(seconds.Length, "request")}</small></figcaption>{HistogramChart.Draw(name, seconds)}</figure>");
        }
    }
}
