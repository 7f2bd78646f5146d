using System.Diagnostics;
using System.Globalization;
using LlmOps.Core.Tests.Models.Fuzzing;

namespace LlmOps.Benchmarks;

/// <summary>Damages model files for a given time: what the tests do for seconds, for hours.</summary>
internal static class FuzzRun
{
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(60);

    /// <returns>1 when something was found; the damaged files are kept and named.</returns>
    public static int Run(TimeSpan time, int seed)
    {
        Stopwatch watch = Stopwatch.StartNew();
        TimeSpan next = s_pause;
        using ModelFuzzer fuzzer = new(seed);
        try
        {
            while (watch.Elapsed < time)
            {
                fuzzer.Next();
                if (watch.Elapsed > next)
                {
                    next += s_pause;
                    Report(fuzzer, seed);
                }
            }
        }
        catch (InvalidOperationException found)
        {
            Console.WriteLine($"FOUND with seed {seed}: {found.Message}");
            return 1;
        }

        Report(fuzzer, seed);
        return 0;
    }

    private static void Report(ModelFuzzer fuzzer, int seed) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"seed {seed}: {fuzzer.Runs} damages, {fuzzer.Read} still read, most memory {fuzzer.MostAllocated / 1024} KiB, most processor time {fuzzer.Slowest.Time.TotalMilliseconds:0.0} ms ({fuzzer.Slowest.What})"));
}
