using System.Text;

namespace LlmOps.Benchmarking.Reports.Html;

/// <summary>How often each latency came, with median and 99th percentile.</summary>
internal static class HistogramChart
{
    private const double Width = LineChart.Width;
    private const double Height = 190;
    private const double Left = 40;
    private const double Right = 12;
    private const double Top = 22;
    private const double Bottom = 40;
    private const double RoomForMark = 30;

    /// <param name="name">What was timed.</param>
    /// <param name="seconds">The values; at least one.</param>
    public static string Draw(string name, IReadOnlyList<double> seconds)
    {
        List<double> sorted = [.. seconds.Order()];
        double low = sorted[0];
        double high = sorted[^1] > low ? sorted[^1] : low + Math.Max(low * 0.01, 1e-6);
        int[] counts = Count(sorted, low, high);
        double median = LatencyStatistics.Percentile(sorted, 0.5);
        double late = LatencyStatistics.Percentile(sorted, 0.99);
        ChartScale y = ChartScale.ForValues([counts.Max()], Height - Bottom, Top);
        string floor = HtmlText.At(Height - Bottom);
        StringBuilder svg = new();
        ChartFrame.Open(svg, Width, Height, $"Distribution of {name}",
            $"{HtmlText.Count(sorted.Count, "request")} from {HtmlText.Time(low)} to {HtmlText.Time(sorted[^1])}; median {HtmlText.Time(median)}, 99th percentile {HtmlText.Time(late)}");
        foreach (double tick in y.Ticks.Where(tick => tick == Math.Floor(tick)))
        {
            string at = HtmlText.At(y.At(tick));
            svg.Append($"<line class=\"grid\" x1=\"{HtmlText.At(Left)}\" x2=\"{HtmlText.At(Width - Right)}\" y1=\"{at}\" y2=\"{at}\"/>");
            svg.Append($"<text class=\"tick\" x=\"{HtmlText.At(Left - 6)}\" y=\"{HtmlText.At(y.At(tick) + 4)}\" text-anchor=\"end\">{HtmlText.Number(tick)}</text>");
        }

        double step = (Width - Left - Right) / counts.Length;
        for (int bin = 0; bin < counts.Length; bin++)
        {
            if (counts[bin] > 0)
            {
                double top = y.At(counts[bin]);
                double from = low + ((high - low) * bin / counts.Length);
                svg.Append($"<rect class=\"bar\" x=\"{HtmlText.At(Left + (bin * step) + 0.5)}\" y=\"{HtmlText.At(top)}\" width=\"{HtmlText.At(step - 1)}\" height=\"{HtmlText.At(Height - Bottom - top)}\">"
                    + $"<title>{counts[bin]} from {HtmlText.Time(from)} to {HtmlText.Time(from + ((high - low) / counts.Length))}</title></rect>");
            }
        }

        bool areClose = (late - median) / (high - low) * (Width - Left - Right) < RoomForMark;
        Mark(median, areClose ? "p50, p99" : "p50");
        Mark(late, areClose ? "" : "p99");
        svg.Append($"<line class=\"axis\" x1=\"{HtmlText.At(Left)}\" x2=\"{HtmlText.At(Width - Right)}\" y1=\"{floor}\" y2=\"{floor}\"/>");
        Edge(low, Left, "start");
        Edge((low + high) / 2, (Left + Width - Right) / 2, "middle");
        Edge(high, Width - Right, "end");
        return svg.Append($"<text class=\"label\" x=\"{HtmlText.At((Left + Width - Right) / 2)}\" y=\"{HtmlText.At(Height - 6)}\" text-anchor=\"middle\">{HtmlText.Of(name)}, requests at each time</text></svg>").ToString();

        void Mark(double value, string text)
        {
            double at = Left + ((value - low) / (high - low) * (Width - Left - Right));
            bool isLate = at > Width - 60;
            svg.Append($"<line class=\"mark-line\" x1=\"{HtmlText.At(at)}\" x2=\"{HtmlText.At(at)}\" y1=\"{HtmlText.At(Top - 8)}\" y2=\"{floor}\"/>");
            svg.Append($"<text class=\"tick\" x=\"{HtmlText.At(at + (isLate ? -3 : 3))}\" y=\"{HtmlText.At(Top - 10)}\" text-anchor=\"{(isLate ? "end" : "start")}\">{text}</text>");
        }

        void Edge(double value, double at, string anchor) =>
            svg.Append($"<text class=\"tick\" x=\"{HtmlText.At(at)}\" y=\"{HtmlText.At(Height - Bottom + 15)}\" text-anchor=\"{anchor}\">{HtmlText.Time(value)}</text>");
    }

    private static int[] Count(List<double> sorted, double low, double high)
    {
        int[] counts = new int[Math.Clamp((int)Math.Ceiling(Math.Sqrt(sorted.Count)) * 2, 5, 40)];
        foreach (double value in sorted)
        {
            counts[Math.Min(counts.Length - 1, (int)((value - low) / (high - low) * counts.Length))]++;
        }

        return counts;
    }
}
