using System.Globalization;
using System.Text;
using LlmOps.Benchmarking.Judgement;
using LlmOps.Benchmarking.Observation;
using LlmOps.Benchmarking.Reports;

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
        AppendJudgement();
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

        foreach (EnvironmentFact fact in results.SelectMany(result => result.Environment?.Facts ?? []).Distinct())
        {
            Line($"- {OneLine(fact.Name)}: {OneLine(fact.Value)}");
        }

        Line($"");
    }

    private void AppendTable()
    {
        Line($"| load | requests | errors | output tok/s | total tok/s | TTFT p50 ms | TTFT p90 ms | TTFT p99 ms | TPOT mean ms | TPOT p99 ms | ITL p50 ms | ITL p99 ms | E2E p50 s | E2E p99 s | req/s |");
        Line($"| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        foreach (ThroughputResult result in results)
        {
            LatencySummary ttft = result.TtftSeconds;
            LatencySummary tpot = result.TpotSeconds;
            LatencySummary itl = result.ItlSeconds;
            LatencySummary e2e = result.E2eSeconds;
            Line($"| {LoadAxis.Name(result)} | {result.Requests} | {result.Errors} | {result.OutputTokensPerSecond:0.0} | {result.TotalTokensPerSecond:0.0} | {Milliseconds(ttft, ttft.P50)} | {Milliseconds(ttft, ttft.P90)} | {Milliseconds(ttft, ttft.P99)} | {Milliseconds(tpot, tpot.Mean)} | {Milliseconds(tpot, tpot.P99)} | {Milliseconds(itl, itl.P50)} | {Milliseconds(itl, itl.P99)} | {Seconds(e2e, e2e.P50)} | {Seconds(e2e, e2e.P99)} | {result.GoodputRequestsPerSecond:0.00} |");
        }

        Line($"");
    }

    private void AppendServerTable()
    {
        Line($"What the server says of the same requests, and what measuring cost:");
        Line($"");
        Line($"| load | server prompt tok/s | server decode tok/s | client decode tok/s | server output tokens | client output tokens | prompt tokens from cache | draft accepted | peak cache use | client CPU % of a core | client CPU µs/token |");
        Line($"| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        foreach (ThroughputResult result in results)
        {
            ServerSideFigures server = result.Server;
            Line($"| {LoadAxis.Name(result)} | {Rate(server.PromptTokensPerSecond)} | {Rate(server.DecodeTokensPerSecond)} | {result.DecodeTokensPerSecond:0.0} | {Count(server.OutputTokens)} | {result.OutputTokens} | {result.CachedPromptTokens} | {Acceptance(server)} | {CacheUse(result)} | {result.Client.CpuShare * 100:0.0} | {result.Client.CpuMicrosecondsPerToken:0.0} |");
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

                Line($"- {LoadAxis.Name(result)}: {OneLine(warning)}");
            }
        }

        if (any)
        {
            Line($"");
        }
    }

    private void AppendJudgement()
    {
        ThroughputResult[] judged = [.. results.Where(result => result.Judgement is not null)];
        if (judged.Length == 0)
        {
            return;
        }

        Line($"## Against the prediction");
        Line($"");
        foreach (ThroughputResult result in judged)
        {
            Line($"- {LoadAxis.Name(result)}: {OneLine(result.Judgement!.Summary)}");
        }

        foreach (LikelyCause cause in judged.SelectMany(result => result.Judgement!.Causes).DistinctBy(cause => cause.Id))
        {
            string option = cause.Option is null ? "" : $" (`--{cause.Option}`)";
            Line($"- Likely cause: {OneLine(cause.Cause)}. {OneLine(cause.Remedy)}{option}");
        }

        Line($"");
    }

    private void AppendRepeat()
    {
        Line($"## How to repeat it");
        Line($"");
        foreach (string command in results.Select(result => result.Environment?.ServerCommand).OfType<string>().Distinct())
        {
            Line($"    {OneLine(command)}");
        }

        Line($"    {context.RepeatCommand ?? RepeatCommand.Of(results)}");
        Line($"");
    }

    private void AppendDefinitions()
    {
        Line($"## What the columns mean");
        Line($"");
        foreach (FigureDefinition figure in FigureDefinitions.All)
        {
            Line($"- {figure.Name}: {figure.Meaning}.{(figure.Matches.Length == 0 ? "" : $" Compare: {figure.Matches}.")}");
        }
    }

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

    private static string CacheUse(ThroughputResult result) => result.Observation?.Server?.PeakKvCacheUsage is { } share
        ? string.Create(CultureInfo.InvariantCulture, $"{100 * share:0.#} %")
        : "not reported";

    // A name from outside must not break the page's structure.
    private static string OneLine(string text) => text.ReplaceLineEndings(" ").Replace("|", "\\|", StringComparison.Ordinal);
}
