using System.Text;

namespace LlmOps.Benchmarking.Reports.Html;

/// <summary>A bar for each series of a single load, where there is no line to draw.</summary>
internal static class BarChart
{
    private const double Width = LineChart.Width;
    private const double Left = 4;
    private const double RowHeight = 40;
    private const double BarTop = 18;
    private const double BarHeight = 12;
    private const double RoomForValue = 104;

    /// <summary>As much of a label as fits.</summary>
    private const int LongestLabel = 66;

    /// <param name="title">What it shows.</param>
    /// <param name="description">What it shows, in a sentence for those who cannot see it.</param>
    /// <param name="series">What to draw, of one point each; those without are left out.</param>
    /// <param name="unit">What the values are in.</param>
    public static string Draw(string title, string description, IReadOnlyList<ChartSeries> series, string unit)
    {
        ChartSeries[] rows = [.. series.Where(row => row.Points.Count > 0)];
        double most = rows.Max(row => Math.Max(row.Points[0].Y, row.Points[0].Range?.High ?? 0));
        double scale = most > 0 ? (Width - Left - RoomForValue) / most : 0;
        StringBuilder svg = new();
        ChartFrame.Open(svg, Width, rows.Length * RowHeight, title, description);
        for (int at = 0; at < rows.Length; at++)
        {
            Row(svg, rows[at], at * RowHeight, scale, unit);
        }

        return svg.Append("</svg>").ToString();
    }

    private static void Row(StringBuilder svg, ChartSeries row, double top, double scale, string unit)
    {
        ChartPoint point = row.Points[0];
        string label = row.Name.Length > LongestLabel ? string.Concat(row.Name.AsSpan(0, LongestLabel - 1), "…") : row.Name;
        double end = Left + (point.Y * scale);
        double middle = top + BarTop + (BarHeight / 2);
        svg.Append($"<text class=\"tick\" x=\"{HtmlText.At(Left)}\" y=\"{HtmlText.At(top + BarTop - 4)}\">{HtmlText.Of(label)}<title>{HtmlText.Of(row.Name)}</title></text>");
        svg.Append($"<rect class=\"bar\" x=\"{HtmlText.At(Left)}\" y=\"{HtmlText.At(top + BarTop)}\" width=\"{HtmlText.At(Math.Max(1, end - Left))}\" height=\"{HtmlText.At(BarHeight)}\"><title>{HtmlText.Of(point.Text)}</title></rect>");
        if (point.Range is { } range)
        {
            svg.Append($"<line class=\"axis\" x1=\"{HtmlText.At(Left + (range.Low * scale))}\" x2=\"{HtmlText.At(Left + (range.High * scale))}\" y1=\"{HtmlText.At(middle)}\" y2=\"{HtmlText.At(middle)}\"/>");
            end = Math.Max(end, Left + (range.High * scale));
        }

        svg.Append($"<text class=\"tick\" x=\"{HtmlText.At(end + 6)}\" y=\"{HtmlText.At(middle + 4)}\">{HtmlText.Number(point.Y)} {HtmlText.Of(unit)}</text>");
    }
}
