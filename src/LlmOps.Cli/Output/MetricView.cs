using System.Globalization;
using LlmOps.Benchmarking;
using LlmOps.Benchmarking.Metrics;
using Spectre.Console;

namespace LlmOps.Cli.Output;

/// <summary>A server's current figures as people want to see them.</summary>
internal static class MetricView
{
    /// <summary>The head of <see cref="Line"/>s.</summary>
    public const string LineHead = "time      running  waiting  cache%  prompt tok/s  output tok/s  accepted/step  preempted";

    public static void Write(ServerMetric metric, bool json)
    {
        if (json)
        {
            JsonOutput.Write(BenchmarkingJson.Write(metric));
            return;
        }

        Table table = Screen.Table("Figure", "Value");
        table.Row("server", $"{metric.ServerName} ({metric.Engine ?? "engine not known"}{(metric.Version is null ? "" : $" {metric.Version}")})");
        table.Row("model", metric.Model);
        table.Row("requests running", Number(metric.RequestsRunning));
        table.Row("requests waiting", Number(metric.RequestsWaiting));
        table.Row("slots", Number(metric.SlotCount));
        table.Row("cache in use", Percent(metric.KvCacheUsage));
        table.Row("prompt tok/s", Screen.Number(metric.PromptTokensPerSecond));
        table.Row("output tok/s", Screen.Number(metric.OutputTokensPerSecond));
        table.Row("prompt tokens so far", Number(metric.PromptTokens));
        table.Row("of them from a cache", Number(metric.CachedPromptTokens));
        table.Row("output tokens so far", Number(metric.OutputTokens));
        table.Row("draft tokens accepted", Percent(metric.AcceptanceRate));
        table.Row("tokens a verification step", Screen.Number(metric.AcceptanceLength, "0.00"));
        table.Row("preemptions", Number(metric.Preemptions));
        Screen.Output.Write(table);
        foreach (string note in metric.Notes)
        {
            Screen.Error.Line(note);
        }
    }

    /// <summary>The figures on one line.</summary>
    public static string Line(ServerMetric metric) => string.Create(
        CultureInfo.InvariantCulture,
        $"{metric.At.ToLocalTime():HH:mm:ss}  {metric.RequestsRunning,7}  {metric.RequestsWaiting,7}  {100 * metric.KvCacheUsage,6:0}  {metric.PromptTokensPerSecond,12:0.0}  {metric.OutputTokensPerSecond,12:0.0}  {metric.AcceptanceLength,13:0.00}  {metric.Preemptions,9}").TrimEnd();

    private static string? Number(long? value) => value?.ToString("#,0", CultureInfo.InvariantCulture).Replace(',', ' ');

    private static string? Percent(double? share) => share is { } known ? string.Create(CultureInfo.InvariantCulture, $"{100 * known:0.#} %") : null;
}
