using System.Text;
using LlmOps.Benchmarking.Observation;

namespace LlmOps.Benchmarking.Reports.Html;

/// <summary>All figures as tables.</summary>
internal sealed class ReportTables(IReadOnlyList<ThroughputResult> results)
{
    private readonly StringBuilder _html = new();

    public override string ToString()
    {
        Client();
        Server();
        Gpus();
        return _html.ToString();
    }

    private void Client()
    {
        _html.Append("<h2>All figures</h2>");
        Open("What the client saw. Latencies are median / 90th / 99th percentile.",
            "Load", "Requests", "Failed", "Output tok/s", "Total tok/s", "Req/s", "TTFT", "TPOT", "ITL", "E2E");
        foreach (ThroughputResult result in results)
        {
            Row(LoadAxis.Name(result), $"{result.Requests}", $"{result.Errors}", HtmlText.Number(result.OutputTokensPerSecond), HtmlText.Number(result.TotalTokensPerSecond),
                HtmlText.Number(result.GoodputRequestsPerSecond), Latency(result.TtftSeconds), Latency(result.TpotSeconds), Latency(result.ItlSeconds), Latency(result.E2eSeconds));
        }

        Close();
    }

    private void Server()
    {
        _html.Append("<h2>Server truth beside client truth</h2>");
        Open("What the server says of the same requests, and what measuring cost.",
            "Load", "Decode tok/s, server", "client", "Prompt tok/s, server", "Output tokens, server", "client", "From cache", "Acceptance", "Acceptance length",
            "Running", "Waiting", "Cache use", "Preempted", "Client CPU", "Scheduling delay");
        foreach (ThroughputResult result in results)
        {
            ServerLoadFigures? counters = result.Observation?.Server;
            Row(LoadAxis.Name(result),
                HtmlText.Number(result.Server.DecodeTokensPerSecond ?? counters?.DecodeTokensPerSecond), HtmlText.Number(result.DecodeTokensPerSecond),
                HtmlText.Number(result.Server.PromptTokensPerSecond ?? counters?.PromptTokensPerSecond),
                HtmlText.Number(result.Server.OutputTokens ?? counters?.OutputTokens), HtmlText.Number(result.OutputTokens), HtmlText.Number(result.CachedPromptTokens),
                HtmlText.Percent(ReportFigures.Acceptance(result)), HtmlText.Number(counters?.AcceptanceLength),
                HtmlText.Number(counters?.PeakRequestsRunning), HtmlText.Number(counters?.PeakRequestsWaiting), counters?.PeakKvCacheUsage is { } use ? HtmlText.Percent(use) : "not reported", HtmlText.Number(counters?.Preemptions),
                HtmlText.Percent(result.Client.CpuShare), HtmlText.Time(result.Observation?.ClientSchedulingDelaySeconds));
        }

        Close();
    }

    private void Gpus()
    {
        if (!results.Any(result => result.Observation?.Gpus.Count > 0))
        {
            return;
        }

        _html.Append("<h2>GPUs under load</h2>");
        Open("Mean over the load, unless it says otherwise.", "Load", "GPU", "Busy", "Memory busy", "Most memory", "Power", "Tokens a joule, all", "Hottest", "Clock", "PCIe sent", "PCIe received", "Held down by");
        foreach (ThroughputResult result in results)
        {
            foreach (GpuLoadFigures gpu in result.Observation?.Gpus ?? [])
            {
                Row(LoadAxis.Name(result), $"{gpu.Index} {gpu.Name}", HtmlText.Percent(gpu.UtilizationPercent / 100), HtmlText.Percent(gpu.MemoryUtilizationPercent / 100),
                    gpu.PeakMemoryBytes is { } bytes ? Bytes.Format(bytes) : "–", gpu.PowerWatts is { } watts ? $"{HtmlText.Number(watts)} W" : "–",
                    HtmlText.Number(result.Observation!.TokensPerJoule), gpu.PeakTemperatureCelsius is { } celsius ? $"{celsius} °C" : "–",
                    gpu.GraphicsMhz is { } clock ? $"{HtmlText.Number(clock)} MHz" : "–", Rate(gpu.PcieSentBytesPerSecond), Rate(gpu.PcieReceivedBytesPerSecond),
                    gpu.Throttling.Count == 0 ? "–" : string.Join(", ", gpu.Throttling.Select(reason => $"{reason.Key} {HtmlText.Percent(reason.Value)}")));
            }
        }

        Close();
    }

    private static string Rate(double? bytes) => bytes is { } known ? $"{Bytes.Format((long)known)}/s" : "–";

    private static string Latency(LatencySummary latency) =>
        latency.Count == 0 ? "–" : $"{HtmlText.Time(latency.P50)} / {HtmlText.Time(latency.P90)} / {HtmlText.Time(latency.P99)}";

    // A table wider than the screen is moved by keyboard too, so it takes the focus.
    private void Open(string caption, params ReadOnlySpan<string> columns)
    {
        _html.Append($"<div class=\"card scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{HtmlText.Of(caption)}\"><table><caption>{HtmlText.Of(caption)}</caption><thead><tr>");
        foreach (string column in columns)
        {
            _html.Append($"<th scope=\"col\">{HtmlText.Of(column)}</th>");
        }

        _html.Append("</tr></thead><tbody>");
    }

    private void Row(string head, params ReadOnlySpan<string> cells)
    {
        _html.Append($"<tr><th scope=\"row\">{HtmlText.Of(head)}</th>");
        foreach (string cell in cells)
        {
            _html.Append($"<td>{HtmlText.Of(cell)}</td>");
        }

        _html.Append("</tr>");
    }

    private void Close() => _html.Append("</tbody></table></div>");
}
