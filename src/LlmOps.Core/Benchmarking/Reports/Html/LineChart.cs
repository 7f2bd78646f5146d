using System.Text;

namespace LlmOps.Benchmarking.Reports.Html;

/// <summary>A chart of lines, as a drawing that needs no script.</summary>
/// <param name="title">What it shows.</param>
/// <param name="description">What it shows, in a sentence for those who cannot see it.</param>
/// <param name="xLabel">What goes to the right.</param>
/// <param name="yLabel">What goes up.</param>
internal sealed class LineChart(string title, string description, string xLabel, string yLabel)
{
    /// <summary>Small, so that its text stays legible on a telephone.</summary>
    public const double Width = 440;

    private const double Height = 270;
    private const double Left = 66;
    private const double Right = 12;
    private const double Top = 12;
    private const double Bottom = 42;
    private const double LabelGap = 30;
    private const double EdgeGap = 18;

    private readonly StringBuilder _svg = new();

    /// <summary>Draws the series over load.</summary>
    public string OverLoad(IReadOnlyList<ChartSeries> series) =>
        Draw(series, ChartScale.ForLoads([.. series.SelectMany(line => line.Points).Select(point => point.X)], Left + 16, Width - Right - 16), ChartScale.ForValues, "");

    /// <summary>Draws the series over time.</summary>
    public string OverTime(IReadOnlyList<ChartSeries> series, double seconds) => Draw(series, ChartScale.ForTime(seconds, Left, Width - Right), ChartScale.FromZero, " s");

    private string Draw(IReadOnlyList<ChartSeries> series, ChartScale x, Func<IReadOnlyCollection<double>, double, double, ChartScale> upwards, string unit)
    {
        double[] values = [.. series.SelectMany(line => line.Points).SelectMany(point => point.Range is { } range ? (double[])[point.Y, range.High] : [point.Y])];
        ChartScale y = upwards(values, Height - Bottom, Top);
        ChartFrame.Open(_svg, Width, Height, title, description);
        AppendGrid(x, y, unit);
        foreach (ChartSeries line in series)
        {
            Append(line, x, y);
        }

        return _svg.Append("</svg>").ToString();
    }

    private void AppendGrid(ChartScale x, ChartScale y, string unit)
    {
        foreach (double tick in y.Ticks)
        {
            string at = HtmlText.At(y.At(tick));
            _svg.Append($"<line class=\"grid\" x1=\"{HtmlText.At(Left)}\" x2=\"{HtmlText.At(Width - Right)}\" y1=\"{at}\" y2=\"{at}\"/>");
            _svg.Append($"<text class=\"tick\" x=\"{HtmlText.At(Left - 6)}\" y=\"{HtmlText.At(y.At(tick) + 4)}\" text-anchor=\"end\">{HtmlText.Number(tick)}</text>");
        }

        double last = double.NegativeInfinity;
        foreach (double tick in x.Ticks)
        {
            double at = x.At(tick);
            if (at - last < LabelGap)
            {
                continue;
            }

            last = at;
            bool isAtEdge = at > Width - EdgeGap;
            _svg.Append($"<text class=\"tick\" x=\"{HtmlText.At(isAtEdge ? Width - 1 : at)}\" y=\"{HtmlText.At(Height - Bottom + 17)}\" text-anchor=\"{(isAtEdge ? "end" : "middle")}\">{HtmlText.Number(tick)}{unit}</text>");
        }

        string floor = HtmlText.At(Height - Bottom);
        string powers = y.IsLogarithmic ? ", powers of ten" : "";
        _svg.Append($"<line class=\"axis\" x1=\"{HtmlText.At(Left)}\" x2=\"{HtmlText.At(Width - Right)}\" y1=\"{floor}\" y2=\"{floor}\"/>");
        _svg.Append($"<text class=\"label\" x=\"{HtmlText.At((Left + Width - Right) / 2)}\" y=\"{HtmlText.At(Height - 6)}\" text-anchor=\"middle\">{HtmlText.Of(xLabel)}</text>");
        _svg.Append($"<text class=\"label\" transform=\"translate(11 {HtmlText.At((Top + Height - Bottom) / 2)}) rotate(-90)\" text-anchor=\"middle\">{HtmlText.Of(yLabel + powers)}</text>");
    }

    private void Append(ChartSeries line, ChartScale x, ChartScale y)
    {
        if (line.Points.Count == 0)
        {
            return;
        }

        string path = string.Join(' ', line.Points.Select(point => $"{HtmlText.At(x.At(point.X))},{HtmlText.At(y.At(point.Y))}"));
        string colour = $"c{line.Colour % ChartSeries.Colours}";
        if (line.IsFilled && line.Points.Count > 1)
        {
            string floor = HtmlText.At(Height - Bottom);
            _svg.Append($"<polygon class=\"fill {colour}\" points=\"{HtmlText.At(x.At(line.Points[0].X))},{floor} {path} {HtmlText.At(x.At(line.Points[^1].X))},{floor}\"/>");
        }

        string dash = line.Dash.Length == 0 ? "" : $" stroke-dasharray=\"{line.Dash}\"";
        _svg.Append($"<polyline class=\"line {colour}\"{dash} points=\"{path}\"/>");
        foreach (ChartPoint point in line.HasMarks ? line.Points : [])
        {
            string at = HtmlText.At(x.At(point.X));
            if (point.Range is { } range)
            {
                _svg.Append($"<line class=\"range {colour}\" x1=\"{at}\" x2=\"{at}\" y1=\"{HtmlText.At(y.At(range.Low))}\" y2=\"{HtmlText.At(y.At(range.High))}\"/>");
            }

            _svg.Append($"<circle class=\"mark {colour}\" cx=\"{at}\" cy=\"{HtmlText.At(y.At(point.Y))}\" r=\"3\"><title>{HtmlText.Of(point.Text)}</title></circle>");
        }
    }
}
