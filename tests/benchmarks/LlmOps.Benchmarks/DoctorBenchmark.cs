using System.Diagnostics;
using System.Globalization;
using LlmOps.Configuration;
using LlmOps.Diagnostics;
using LlmOps.Processes;

namespace LlmOps.Benchmarks;

/// <summary>How long the survey of a machine takes: what it looks at by itself, and with the programs that it asks.</summary>
internal static class DoctorBenchmark
{
    private const int Rounds = 15;

    // Those that start programs or wait for answers.
    private static readonly string[] s_slow = ["driver.cuda", "gpu.compute-capability", "gpu.xid", "container.engine", "engine.libraries", "engine.mixed-libraries", "engine.architecture", "python.nvcc", "python.host-compiler", "network.address", "network.host-name", "storage.load-time"];

    /// <summary>Prints the figures beside their targets. On a busy machine the shortest of many rounds is the one to read.</summary>
    /// <returns>1 when a target is missed.</returns>
    public static async Task<int> RunAsync(string llmops, string? model)
    {
        CheckRequest request = new() { Config = model is null ? null : new ServerConfig { Name = "survey", Model = model }, Model = model };
        CheckContext context = await CheckContextReader.ReadAsync(request, CancellationToken.None).ConfigureAwait(false);
        bool isMet = await ReportAsync("survey in the process, without the slow tools", 1000, context, new CheckSelection { Exclude = s_slow }).ConfigureAwait(false);
        isMet &= await ReportAsync("survey in the process, all checks", 3000, context, CheckSelection.All).ConfigureAwait(false);
        string[] arguments = ["doctor", "--quiet", .. model is null ? Array.Empty<string>() : ["--model", model]];
        isMet &= await ReportProcessAsync("llmops doctor, without the slow tools", 1000, llmops, [.. arguments, "--exclude", string.Join(',', s_slow)]).ConfigureAwait(false);
        isMet &= await ReportProcessAsync("llmops doctor, all checks", 3000, llmops, arguments).ConfigureAwait(false);
        return isMet ? 0 : 1;
    }

    private static Task<bool> ReportAsync(string what, double target, CheckContext context, CheckSelection selection) => ReportAsync(what, target, async () =>
    {
        await foreach (CheckResult _ in new EnvironmentChecks().RunAsync(context, selection, CancellationToken.None).ConfigureAwait(false))
        {
        }
    });

    private static Task<bool> ReportProcessAsync(string what, double target, string program, string[] arguments) => ReportAsync(what, target, () => ProcessRunner.RunAsync(new ProcessRequest(program, arguments), CancellationToken.None));

    private static async Task<bool> ReportAsync(string what, double target, Func<Task> survey)
    {
        double[] times = new double[Rounds];
        for (int round = 0; round < Rounds; round++)
        {
            long start = Stopwatch.GetTimestamp();
            await survey().ConfigureAwait(false);
            times[round] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        Array.Sort(times);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what,-48} {times[0],7:0} ms shortest, {times[Rounds / 2],7:0} ms in the middle of {Rounds} (target {target:0} ms, {EnvironmentChecks.Ids.Count} checks in all)"));
        return times[0] < target;
    }
}
