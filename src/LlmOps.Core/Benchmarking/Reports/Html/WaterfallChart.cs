using System.Text;

namespace LlmOps.Benchmarking.Reports.Html;

/// <summary>Each request as a bar over time: waiting in the client, then for its first token, then generating.</summary>
internal static class WaterfallChart
{
    /// <summary>More bars than this are too thin to be seen.</summary>
    private const int MostBars = 150;

    private const double Width = 900;
    private const double Left = 10;
    private const double Right = 10;
    private const double Bottom = 24;

    /// <summary>The requests shown: all, or every so many.</summary>
    public static IReadOnlyList<RequestFigures> Choose(IReadOnlyList<RequestFigures> requests)
    {
        RequestFigures[] ordered = [.. requests.OrderBy(request => request.DueSeconds)];
        int step = (ordered.Length + MostBars - 1) / MostBars;
        return step <= 1 ? ordered : [.. ordered.Where((_, index) => index % step == 0)];
    }

    /// <param name="requests">The requests to show; at least one.</param>
    /// <param name="total">How many there were.</param>
    public static string Draw(IReadOnlyList<RequestFigures> requests, int total)
    {
        double end = Math.Max(requests.Max(request => request.EndedSeconds), 1e-6);
        double row = Math.Clamp(360.0 / requests.Count, 2.4, 12);
        double height = (row * requests.Count) + Bottom + 4;
        ChartScale x = ChartScale.ForTime(end, Left, Width - Right);
        StringBuilder svg = new();
        ChartFrame.Open(svg, Width, height, "Requests over time", $"{requests.Count} of {total} requests over {HtmlText.Time(end)}, each from when it was due to its end");
        foreach (double tick in x.Ticks)
        {
            double at = x.At(tick);
            string anchor = at < Left + 20 ? "start" : at > Width - Right - 20 ? "end" : "middle";
            svg.Append($"<line class=\"grid\" x1=\"{HtmlText.At(at)}\" x2=\"{HtmlText.At(at)}\" y1=\"0\" y2=\"{HtmlText.At(height - Bottom)}\"/>");
            svg.Append($"<text class=\"tick\" x=\"{HtmlText.At(at)}\" y=\"{HtmlText.At(height - 6)}\" text-anchor=\"{anchor}\">{HtmlText.Number(tick)} s</text>");
        }

        for (int index = 0; index < requests.Count; index++)
        {
            RequestFigures request = requests[index];
            double first = request.DueSeconds + (request.TtftSeconds ?? request.EndedSeconds - request.DueSeconds);
            svg.Append($"<g><title>{HtmlText.Of(Describe(request))}</title>");
            Bar("wait", request.DueSeconds, request.StartedSeconds, index);
            Bar(request.Error is null ? "prefill" : "failed", request.StartedSeconds, first, index);
            Bar(request.Error is null ? "decode" : "failed", first, request.EndedSeconds, index);
            svg.Append("</g>");
        }

        return svg.Append("</svg>").ToString();

        void Bar(string kind, double from, double to, int index)
        {
            double width = x.At(to) - x.At(from);
            if (width > 0)
            {
                svg.Append($"<rect class=\"{kind}\" x=\"{HtmlText.At(x.At(from))}\" y=\"{HtmlText.At(2 + (index * row))}\" width=\"{HtmlText.At(Math.Max(width, 0.5))}\" height=\"{HtmlText.At(row - 0.6)}\"/>");
            }
        }
    }

    private static string Describe(RequestFigures request) => request.Error is { } error
        ? $"failed: {error}, after {HtmlText.Time(request.EndedSeconds - request.DueSeconds)}"
        : $"due at {HtmlText.Time(request.DueSeconds)}, first token after {HtmlText.Time(request.TtftSeconds)}, {request.OutputTokens} tokens in {HtmlText.Time(request.E2eSeconds)}";
}
