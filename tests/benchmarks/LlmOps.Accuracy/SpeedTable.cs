using System.Diagnostics;
using LlmOps.Hardware;
using LlmOps.Models;
using LlmOps.Planning;

namespace LlmOps.Accuracy;

/// <summary>Prints what one evaluation of a placement costs, one line an architecture: the least of several runs, so that a busy machine does not matter.</summary>
internal static class SpeedTable
{
    private const int Runs = 40;

    public static void Print(IReadOnlyList<MeasuredCase> cases, IReadOnlyDictionary<string, ModelDescription> models)
    {
        Console.WriteLine("| architecture | cases | lower bound median | whole estimate median | slowest |");
        Console.WriteLine("|---|--:|--:|--:|--:|");
        foreach (IGrouping<string, MeasuredCase> group in cases.GroupBy(item => item.Architecture).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            double[] bounds = [.. group.Select(item => Least(item, models, MemoryModel.LowerBound)).Order()];
            double[] whole = [.. group.Select(item => Least(item, models, MemoryModel.Estimate)).Order()];
            Console.WriteLine($"| {group.Key} | {whole.Length} | {bounds[bounds.Length / 2]:F1} µs | {whole[whole.Length / 2]:F0} µs | {whole[^1]:F0} µs |");
        }
    }

    private static double Least(MeasuredCase item, IReadOnlyDictionary<string, ModelDescription> models, Func<ModelDescription, Placement, HostInfo, MemoryPlan> estimate)
    {
        ModelDescription model = models[$"{item.Model}.{item.Mix}"];
        Placement placement = item.ToPlacement(model);
        HostInfo host = new();
        double least = double.MaxValue;
        for (int run = 0; run < Runs; run++)
        {
            long begin = Stopwatch.GetTimestamp();
            _ = estimate(model, placement, host);
            least = Math.Min(least, Stopwatch.GetElapsedTime(begin).TotalMicroseconds);
        }

        return least;
    }
}
