using System.Globalization;
using System.Text;

namespace LlmOps.Benchmarking;

/// <summary>The Markdown page of a measurement.</summary>
internal sealed class MarkdownReport(IReadOnlyList<ThroughputResult> results, ReportContext context)
{
    private readonly StringBuilder _text = new();

    public override string ToString()
    {
        _text.Clear();
        Line($"# Throughput of {context.Title ?? (results.Count == 0 ? "nothing" : OneLine(results[0].ServerName))}");
        Line($"");
        if (results.Count == 0)
        {
            Line($"No load point was measured.");
            return _text.ToString();
        }

        AppendEnvironment();
        AppendTable();
        AppendServerTable();
        AppendWarnings();
        AppendRepeat();
        AppendDefinitions();
        return _text.ToString();
    }

    private void AppendEnvironment()
    {
        ThroughputResult first = results[0];
        Line($"- Model: {OneLine(first.Model)}");
        Line($"- Endpoint: {first.Endpoint}");
        Line($"- Request: {first.RequestedPromptTokens} prompt tokens, {first.RequestedOutputTokens} generated tokens, streamed chat completion, temperature 0, no prompt cache");
        Line($"- Measured at: {first.MeasuredAt.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC");
        foreach ((string label, string value) in context.Environment)
        {
            Line($"- {OneLine(label)}: {OneLine(value)}");
        }

        Line($"");
    }

    private void AppendTable()
    {
        Line($"| streams | requests | errors | output tok/s | total tok/s | TTFT p50 ms | TTFT p90 ms | TTFT p99 ms | TPOT mean ms | TPOT p99 ms | ITL p50 ms | ITL p99 ms | E2E p50 s | E2E p99 s | req/s |");
        Line($"| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        foreach (ThroughputResult result in results)
        {
            LatencySummary ttft = result.TtftSeconds;
            LatencySummary tpot = result.TpotSeconds;
            LatencySummary itl = result.ItlSeconds;
            LatencySummary e2e = result.E2eSeconds;
            Line($"| {result.Concurrency} | {result.Requests} | {result.Errors} | {result.OutputTokensPerSecond:0.0} | {result.TotalTokensPerSecond:0.0} | {Milliseconds(ttft, ttft.P50)} | {Milliseconds(ttft, ttft.P90)} | {Milliseconds(ttft, ttft.P99)} | {Milliseconds(tpot, tpot.Mean)} | {Milliseconds(tpot, tpot.P99)} | {Milliseconds(itl, itl.P50)} | {Milliseconds(itl, itl.P99)} | {Seconds(e2e, e2e.P50)} | {Seconds(e2e, e2e.P99)} | {result.GoodputRequestsPerSecond:0.00} |");
        }

        Line($"");
    }

    private void AppendServerTable()
    {
        Line($"What the server says of the same requests, and what measuring cost:");
        Line($"");
        Line($"| streams | server prompt tok/s | server decode tok/s | client decode tok/s | server output tokens | client output tokens | prompt tokens from cache | draft accepted | client CPU % of a core | client CPU µs/token |");
        Line($"| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        foreach (ThroughputResult result in results)
        {
            ServerSideFigures server = result.Server;
            Line($"| {result.Concurrency} | {Rate(server.PromptTokensPerSecond)} | {Rate(server.DecodeTokensPerSecond)} | {result.DecodeTokensPerSecond:0.0} | {Count(server.OutputTokens)} | {result.OutputTokens} | {result.CachedPromptTokens} | {Acceptance(server)} | {result.Client.CpuShare * 100:0.0} | {result.Client.CpuMicrosecondsPerToken:0.0} |");
        }

        Line($"");
    }

    private void AppendWarnings()
    {
        bool any = false;
        foreach (ThroughputResult result in results)
        {
            foreach (string warning in result.Warnings)
            {
                if (!any)
                {
                    Line($"## What makes these figures less than they look");
                    Line($"");
                    any = true;
                }

                Line($"- {result.Concurrency} {(result.Concurrency == 1 ? "stream" : "streams")}: {OneLine(warning)}");
            }
        }

        if (any)
        {
            Line($"");
        }
    }

    private void AppendRepeat()
    {
        Line($"## How to repeat it");
        Line($"");
        Line($"    {context.RepeatCommand ?? RepeatCommand()}");
        Line($"");
    }

    private string RepeatCommand()
    {
        StringBuilder concurrency = new();
        foreach (ThroughputResult result in results)
        {
            concurrency.Append(concurrency.Length == 0 ? "" : ",").Append(CultureInfo.InvariantCulture, $"{result.Concurrency}");
        }

        ThroughputResult first = results[0];
        string requests = results.Count == 1 ? string.Create(CultureInfo.InvariantCulture, $" --requests {first.Requests}") : "";
        return string.Create(CultureInfo.InvariantCulture, $"llmops bench {first.Endpoint} --concurrency {concurrency} --prompt-tokens {first.RequestedPromptTokens} --output-tokens {first.RequestedOutputTokens}{requests}");
    }

    private void AppendDefinitions() => _text.Append(
        """
        ## What the columns mean

        - streams: requests in flight at a time; each stream sends its next request when its last one is over (closed loop).
        - TTFT: time to first token, from the moment a request was due to its first chunk with content, reasoning or a tool call.
        - TPOT: time per output token after the first, (E2E - TTFT) / (tokens - 1), one value per request.
        - ITL: time between two chunks of one stream, one value per gap; with speculative decoding a chunk can hold several tokens.
        - E2E: from the moment a request was due to its last chunk with content, reasoning or a tool call.
        - output tok/s, total tok/s: generated (and prompt) tokens of successful requests / time from the first request due to the last response over.
        - req/s: successful requests / the same time.
        - Tokens are counted by the server (`usage`). Failed requests are in no latency figure. Percentiles interpolate linearly between ranks.
        - server prompt and decode tok/s: llama-server's `timings`, mean over requests. Older builds count the first token in the decode rate, but not its time.
        - client decode tok/s: (tokens - 1) / (E2E - TTFT), mean over requests.

        """.ReplaceLineEndings("\n"));

    private void Line(FormattableString line) => _text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');

    private static string Milliseconds(LatencySummary summary, double seconds) =>
        summary.Count == 0 ? "–" : (seconds * 1000).ToString("0.00", CultureInfo.InvariantCulture);

    private static string Seconds(LatencySummary summary, double seconds) =>
        summary.Count == 0 ? "–" : seconds.ToString("0.000", CultureInfo.InvariantCulture);

    private static string Rate(double? rate) => rate?.ToString("0.0", CultureInfo.InvariantCulture) ?? "–";

    private static string Count(long? count) => count?.ToString(CultureInfo.InvariantCulture) ?? "–";

    private static string Acceptance(ServerSideFigures server) => server.DraftTokens is > 0
        ? string.Create(CultureInfo.InvariantCulture, $"{100.0 * (server.DraftTokensAccepted ?? 0) / server.DraftTokens.Value:0.0} %")
        : "–";

    // A name from outside must not break the page's structure.
    private static string OneLine(string text) => text.ReplaceLineEndings(" ").Replace("|", "\\|", StringComparison.Ordinal);
}
