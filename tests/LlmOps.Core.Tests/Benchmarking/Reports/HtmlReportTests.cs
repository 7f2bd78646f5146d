using System.Text.RegularExpressions;
using System.Xml.Linq;
using LlmOps.Benchmarking;
using LlmOps.Benchmarking.Judgement;
using LlmOps.Benchmarking.Observation;
using LlmOps.Benchmarking.Reports.Html;

namespace LlmOps.Core.Tests.Benchmarking.Reports;

public sealed class HtmlReportTests
{
    private static readonly ReportContext s_context = new() { Title = "box" };

    [Theory]
    [InlineData(1)]
    [InlineData(30)]
    public void A_page_of_any_number_of_points_has_every_chart_and_well_formed_drawings(int points)
    {
        ThroughputResult[] results = [.. Enumerable.Range(1, points).Select(load => Results.Of(load, Results.Times(40, 0.5 + (0.1 * load), 0.3, load)))];
        string html = ThroughputReport.ToHtml(results, s_context);
        foreach (string chart in new[] { "Throughput against load", "Time to first token against load", "Time per output token against load", "End-to-end time against load", "Requests over time", "Distribution of TTFT", "Distribution of E2E" })
        {
            Assert.Contains($"aria-label=\"{chart}", html, StringComparison.Ordinal);
        }

        MatchCollection drawings = Regex.Matches(html, "<svg.*?</svg>");
        Assert.True(drawings.Count >= 4 * points);
        Assert.All(drawings, drawing => XElement.Parse(drawing.Value));
        Assert.Equal(points, Regex.Count(html, "<section id=\"p\\d+\""));
        Assert.DoesNotContain("NaN", html, StringComparison.Ordinal);
        Assert.DoesNotContain("∞", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Points_of_a_sweep_at_one_load_are_bars_with_their_names_and_loads_are_lines()
    {
        ThroughputResult Swept(string value, int load) => Results.Of(load, Results.Times(40, 0.5, 0.3, load)) with { SweptOptions = new Dictionary<string, string> { ["ubatch-size"] = value } };
        string one = ThroughputReport.ToHtml([Swept("64", 4), Swept("512", 4)], s_context);
        Assert.Contains("<h2>At 4 streams</h2>", one, StringComparison.Ordinal);
        Assert.Contains(">ubatch-size=512<title>", one, StringComparison.Ordinal);
        Assert.DoesNotContain("requests in flight at a time</text>", one, StringComparison.Ordinal);

        string several = ThroughputReport.ToHtml([Swept("64", 4), Swept("64", 8), Swept("512", 4)], s_context);
        Assert.Contains("<h2>Against load</h2>", several, StringComparison.Ordinal);
        Assert.Contains("requests in flight at a time</text>", several, StringComparison.Ordinal);

        // Two runs of one load are two points of a line.
        Assert.Contains("<h2>Against load</h2>", ThroughputReport.ToHtml([Swept("64", 4), Swept("64", 4)], s_context), StringComparison.Ordinal);
    }

    [Fact]
    public void What_falls_to_nothing_over_time_is_drawn_from_zero()
    {
        ThroughputResult result = Full() with { Timeline = [.. Enumerable.Range(0, 10).Select(at => new TimelineSlice(at, 1, at switch { 5 => 0, 6 => 1, _ => 1000 }, 1, 0, 0, 0))] };
        Assert.DoesNotContain("tokens/s, powers of ten", ThroughputReport.ToHtml([result], s_context), StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_on_the_page_asks_for_a_network_or_runs_a_script()
    {
        string html = ThroughputReport.ToHtml([Full()], s_context);
        Assert.Contains("default-src 'none'", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("@import", html, StringComparison.OrdinalIgnoreCase);
        Assert.Empty(Regex.Matches(html, "\\s(src|href|srcset|xlink:href|action)\\s*=", RegexOptions.IgnoreCase));
        Assert.Empty(Regex.Matches(html, "url\\(", RegexOptions.IgnoreCase));
    }

    [Fact]
    public void A_hostile_name_shows_as_it_is_everywhere()
    {
        const string Hostile = "\"><script>alert(1)</script><img src=x onerror=alert(1)>' \u0000\u202e&amp;";
        ThroughputResult result = Full() with
        {
            ServerName = Hostile,
            Model = Hostile,
            Endpoint = Hostile,
            Warnings = [Hostile],
            SweptOptions = new Dictionary<string, string> { [Hostile] = Hostile },
            Samples = [new RequestFigures { Error = Hostile, EndedSeconds = 1 }],
            Judgement = new PointJudgement { Summary = Hostile, Causes = [new LikelyCause(Hostile, Hostile, Hostile, Hostile)] },
            Environment = new MeasuredEnvironment { Facts = [new EnvironmentFact(Hostile, Hostile)], ServerCommand = Hostile, MeasureCommand = Hostile },
            Observation = new PointObservation { Gpus = [new GpuLoadFigures { Name = Hostile, Throttling = new Dictionary<string, double> { [Hostile] = 1 } }] },
        };
        string html = ThroughputReport.ToHtml([result, result], new ReportContext { Title = Hostile, Environment = [new(Hostile, Hostile)] });
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<img", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("\u0000", html, StringComparison.Ordinal);
        Assert.DoesNotContain("\u202e", html, StringComparison.Ordinal);
        Assert.Contains("&quot;&gt;&lt;script&gt;alert(1)", html, StringComparison.Ordinal);

        // What a browser would take for tags are only those of the page itself.
        HashSet<string> tags = [.. Regex.Matches(html[html.IndexOf("<body>", StringComparison.Ordinal)..], "<([a-z0-9]+)").Select(tag => tag.Groups[1].Value)];
        Assert.Subset(
            new HashSet<string>("body main header h1 h2 h3 p time ul li b i small div figure figcaption svg line text polyline polygon circle title rect g input label section table caption thead tbody tr th td dl dt dd pre code strong span br details summary footer".Split(' ')),
            tags);
    }

    [Fact]
    public void The_page_says_what_was_predicted_what_was_seen_and_how_to_do_it_again()
    {
        string html = ThroughputReport.ToHtml([Full()], s_context);
        Assert.Contains("30 % of the roofline", html, StringComparison.Ordinal);
        Assert.Contains("--parallel", html, StringComparison.Ordinal);
        Assert.Contains("llama-server --model m", html, StringComparison.Ordinal);
        Assert.Contains("llmops bench tiny --concurrency 2", html, StringComparison.Ordinal);
        Assert.Contains("<dt>GPU</dt><dd>2 × A</dd>", html, StringComparison.Ordinal);
        Assert.Contains("aria-label=\"What the machine did", html, StringComparison.Ordinal);
        Assert.Contains("SwPowerCap 50 %", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Points_without_requests_or_successes_and_no_points_at_all_are_pages_too()
    {
        ThroughputResult failed = Results.Of(2, [1, 1]) with { Samples = [], Errors = 2, TtftSeconds = new LatencySummary(), TpotSeconds = new LatencySummary(), ItlSeconds = new LatencySummary(), E2eSeconds = new LatencySummary(), OutputTokensPerSecond = 0 };
        Assert.Contains("The data hold no single requests", ThroughputReport.ToHtml([failed], null), StringComparison.Ordinal);
        Assert.Contains("No load point was measured.", ThroughputReport.ToHtml([], null), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0.0, "0")]
    [InlineData(0.01234, "0.0123")]
    [InlineData(12.34, "12.3")]
    [InlineData(12345.6, "12\u202f346")]
    [InlineData(double.NaN, "–")]
    public void Numbers_have_three_or_four_digits(double value, string text) => Assert.Equal(text, HtmlText.Number(value));

    [Fact]
    public void A_scale_starts_at_zero_unless_values_differ_too_much_to_be_seen()
    {
        ChartScale even = ChartScale.ForValues([3, 47], 100, 0);
        Assert.Equal([0, 10, 20, 30, 40, 50], even.Ticks);
        Assert.Equal(50, even.At(25), 6);
        ChartScale powers = ChartScale.ForValues([0.2, 900], 100, 0);
        Assert.Equal([0.1, 1, 10, 100, 1000], powers.Ticks.Select(tick => Math.Round(tick, 6)));
        Assert.Equal(50, ChartScale.ForLoads([4], 0, 100).At(4));
    }

    private static ThroughputResult Full() => Results.Of(2, Results.Times(30, 1, 0.3, 1)) with
    {
        Judgement = new PointJudgement { Verdict = PointVerdict.Short, Summary = "30 % of the roofline", Causes = [new LikelyCause("batch-of-one", "one slot", "parallel", "Give it more.")] },
        Environment = new MeasuredEnvironment { Facts = [new EnvironmentFact("GPU", "2 × A")], ServerCommand = "llama-server --model m", MeasureCommand = "llmops bench tiny --concurrency 2" },
        Observation = new PointObservation
        {
            HostCpuShare = 0.5,
            Gpus = [new GpuLoadFigures { Index = 0, Name = "A", Samples = 4, UtilizationPercent = 80, PowerWatts = 200, Throttling = new Dictionary<string, double> { ["SwPowerCap"] = 0.5 } }],
            Moments = [new ObservedMoment(0, 1, 0, 0.1, 0.4, 80, 200), new ObservedMoment(1, 2, 0, 0.3, 0.6, 90, 210)],
        },
        Timeline = [new TimelineSlice(0, 1, 50, 2, 2, 1, 0), new TimelineSlice(1, 1, 60, 2, 2, 2, 0)],
    };
}
