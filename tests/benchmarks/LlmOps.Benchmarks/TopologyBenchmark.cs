using System.Diagnostics;
using System.Globalization;
using LlmOps.Core.Tests.Hardware;
using LlmOps.Hardware;
using LlmOps.Processes;

namespace LlmOps.Benchmarks;

/// <summary>How long a survey takes, what sampling costs, and how long <c>llmops gpu --json</c> takes beside an empty program.</summary>
internal static class TopologyBenchmark
{
    private const int Rounds = 100;

    /// <summary>Prints the figures beside their targets.</summary>
    /// <returns>1 when a target is missed.</returns>
    public static int Run(string? llmops)
    {
        bool isMet = true;
        using FakeRoot none = Machines.Host();
        using FakeRoot eight = Machines.EightGpus();
        isMet &= Report("survey, no GPU", Measure(none.Path), 10);
        isMet &= Report("survey, 8 GPUs on switches", Measure(eight.Path), 20);
        ReportFirst("first survey of a process, no GPU", none.Path);
        ReportFirst("first survey of a process, 8 GPUs", eight.Path);
        ReportSampling(eight.Path);
        if (llmops is not null)
        {
            isMet &= ProcessBenchmark.Run(llmops);
        }

        return isMet ? 0 : 1;
    }

    /// <summary>Prints the milliseconds of one survey.</summary>
    public static void PrintFirst(string root)
    {
        long start = Stopwatch.GetTimestamp();
        Survey(root);
        Console.WriteLine(Stopwatch.GetElapsedTime(start).TotalMilliseconds.ToString("0.0", CultureInfo.InvariantCulture));
    }

    private static GpuTopology Survey(string root) =>
        new TopologySurvey(new SurveyOptions { SystemRoot = root, GetEnvironmentVariable = _ => null }).Capture(CancellationToken.None);

    private static double[] Measure(string root)
    {
        // Long enough for the compiler to be done with it.
        for (int round = 0; round < 60; round++)
        {
            Survey(root);
        }

        return Times(Rounds, () => Survey(root));
    }

    private static double[] Times(int rounds, Action work)
    {
        double[] times = new double[rounds];
        for (int round = 0; round < rounds; round++)
        {
            long start = Stopwatch.GetTimestamp();
            work();
            times[round] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        Array.Sort(times);
        return times;
    }

    private static bool Report(string what, double[] sorted, double target)
    {
        double median = sorted[sorted.Length / 2];
        Line($"{what,-36} median {median,6:0.00} ms, p95 {sorted[sorted.Length * 95 / 100],6:0.00} ms, target {target} ms: {(median < target ? "met" : "MISSED")}");
        return median < target;
    }

    private static void ReportFirst(string what, string root)
    {
        ProcessRequest request = new(Environment.ProcessPath!, ["first", root]);
        string[] times = [.. Enumerable.Range(0, 7).Select(_ => ProcessRunner.RunAsync(request, CancellationToken.None).GetAwaiter().GetResult().StandardOutput.Trim()).Order()];
        Line($"{what,-36} median {times[times.Length / 2],6} ms (compiled as it runs in this build; the published command is compiled ahead)");
    }

    private static void ReportSampling(string root)
    {
        GpuTopology topology = Survey(root);
        using GpuSampler sampler = new(topology, new SurveyOptions { SystemRoot = root });
        for (int round = 0; round < 300; round++)
        {
            sampler.Sample(CancellationToken.None);
        }

        const int Measured = 500;
        TimeSpan before = ProcessorTime();
        for (int round = 0; round < Measured; round++)
        {
            sampler.Sample(CancellationToken.None);
        }

        double processor = (ProcessorTime() - before).TotalMilliseconds / Measured;
        SamplingCost cost = sampler.Cost;
        Line($"{"sampling round, 8 GPUs",-36} {processor:0.00} ms of a processor, {cost.Mean.TotalMilliseconds:0.00} ms by the clock, longest {cost.Longest.TotalMilliseconds:0.00} ms: {processor / 1000:P3} of a processor at 1 Hz, {processor / 100:P2} at 10 Hz");
    }

    private static TimeSpan ProcessorTime()
    {
        using Process own = Process.GetCurrentProcess();
        return own.TotalProcessorTime;
    }

    private static void Line(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
