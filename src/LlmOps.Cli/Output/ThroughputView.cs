using System.Globalization;
using LlmOps.Benchmarking;
using LlmOps.Benchmarking.Judgement;
using Spectre.Console;

namespace LlmOps.Cli.Output;

/// <summary>Measured load points as people want to see them, no wider than a terminal of 100 columns. Latencies are medians (and 99th percentiles) in milliseconds.</summary>
internal static class ThroughputView
{
    public static void Write(IAnsiConsole console, IReadOnlyList<ThroughputResult> results)
    {
        Table table = Screen.Table(
            ">Load", ">Reqs", ">Errors", ">Out tok/s", ">All tok/s", ">TTFT ms (p99)", ">TPOT ms (p99)", ">E2E ms (p99)", ">Server tok/s");
        foreach (ThroughputResult result in results)
        {
            table.Row(
                result.Concurrency.ToString(CultureInfo.InvariantCulture),
                result.Requests.ToString(CultureInfo.InvariantCulture),
                result.Errors.ToString(CultureInfo.InvariantCulture),
                Screen.Number(result.OutputTokensPerSecond),
                Screen.Number(result.TotalTokensPerSecond),
                Latency(result.TtftSeconds),
                Latency(result.TpotSeconds),
                Latency(result.E2eSeconds),
                Screen.Number(result.Server.DecodeTokensPerSecond));
        }

        console.Write(table);
        foreach (ThroughputResult result in results)
        {
            foreach ((string error, int count) in result.ErrorKinds)
            {
                console.Line($"{result.Concurrency} at once: {count} x {error}");
            }

            foreach (string warning in result.Warnings)
            {
                console.Line($"{result.Concurrency} at once: {warning}");
            }

            if (result.Judgement is { } judgement)
            {
                console.Line($"{result.Concurrency} at once: {judgement.Summary}");
                foreach (LikelyCause cause in judgement.Causes)
                {
                    console.Line($"  likely cause: {cause.Cause}. {cause.Remedy}{(cause.Option is null ? "" : $" (--{cause.Option})")}");
                }
            }
        }
    }

    private static string Latency(LatencySummary latency) =>
        latency.Count == 0 ? "-" : $"{Screen.Milliseconds(latency.P50)} ({Screen.Milliseconds(latency.P99)})";
}
