using System.Text;

namespace LlmOps.Benchmarking.Reports.Html;

/// <summary>What all drawings share: their size, what they show for those who cannot see it, and their legend.</summary>
internal static class ChartFrame
{
    /// <summary>Begins a drawing.</summary>
    public static void Open(StringBuilder svg, double width, double height, string title, string description) =>
        svg.Append($"<svg viewBox=\"0 0 {HtmlText.At(width)} {HtmlText.At(height)}\" role=\"img\" aria-label=\"{HtmlText.Of(title)}. {HtmlText.Of(description)}\">");

    /// <summary>The legend of a chart; none for a single line.</summary>
    public static string Legend(IReadOnlyList<ChartSeries> series)
    {
        if (series.Count < 2)
        {
            return "";
        }

        StringBuilder html = new("<ul class=\"legend\">");
        foreach (ChartSeries line in series)
        {
            string dash = line.Dash.Length == 0 ? "" : $" stroke-dasharray=\"{line.Dash}\"";
            html.Append($"<li><svg viewBox=\"0 0 26 8\" aria-hidden=\"true\"><line class=\"line c{line.Colour % ChartSeries.Colours}\"{dash} x1=\"1\" x2=\"25\" y1=\"4\" y2=\"4\"/></svg>{HtmlText.Of(line.Name)}</li>");
        }

        return html.Append("</ul>").ToString();
    }
}
