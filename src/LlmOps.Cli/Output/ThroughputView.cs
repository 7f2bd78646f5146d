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
            "Load", ">Reqs", ">Errors", ">Out tok/s", ">All tok/s", ">TTFT ms (p99)", ">TPOT ms (p99)", ">E2E ms (p99)", ">Server tok/s");
        foreach (ThroughputResult result in results)
        {
            table.Row(
                result.LoadName,
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
                console.Line($"{result.LoadName}: {count} x {error}");
            }

            foreach (string warning in result.Warnings)
            {
                console.Line($"{result.LoadName}: {warning}");
            }
        }

        WriteJudgements(console, results);
    }

    /// <summary>What was predicted, each load that has a prediction; likely causes once, not for each load again.</summary>
    private static void WriteJudgements(IAnsiConsole console, IReadOnlyList<ThroughputResult> results)
    {
        ThroughputResult[] judged = [.. results.Where(result => result.Judgement is not null)];
        ThroughputResult[] predicted = [.. judged.Where(result => result.Judgement!.Verdict != PointVerdict.NotPredicted)];
        foreach (ThroughputResult result in predicted.Length > 0 ? predicted : judged.Take(1))
        {
            console.Line($"{result.LoadName}: {result.Judgement!.Summary}");
        }

        foreach (IGrouping<string, LikelyCause> causes in judged.SelectMany(result => result.Judgement!.Causes).GroupBy(cause => cause.Id))
        {
            LikelyCause cause = causes.First();
            string loads = judged.Length > 1 ? $" ({causes.Count()} of {judged.Length} loads)" : "";
            console.Line($"likely cause{loads}: {cause.Cause}. {cause.Remedy}{(cause.Option is null ? "" : $" (--{cause.Option})")}");
        }
    }

    private static string Latency(LatencySummary latency) =>
        latency.Count == 0 ? "-" : $"{Screen.Milliseconds(latency.P50)} ({Screen.Milliseconds(latency.P99)})";
}
