using LlmOps.Benchmarking;
using LlmOps.Benchmarking.SelfCheck;
using LlmOps.Cli.Output;

namespace LlmOps.Cli.Commands;

/// <summary><c>llmops bench --self-check</c>.</summary>
internal static class BenchSelfCheck
{
    /// <summary>Runs the loads and says what was found.</summary>
    public static async Task<int> RunAsync(bool json, CancellationToken cancellationToken)
    {
        List<SelfCheckResult> results = await LiveProgress.RunAsync("checking the load generator", json, async _ =>
        {
            List<SelfCheckResult> done = [];
            await foreach (SelfCheckResult result in SelfCheckRun.RunAsync(SelfCheckRun.Loads, cancellationToken).ConfigureAwait(false))
            {
                done.Add(result);
            }

            return done;
        }).ConfigureAwait(false);
        if (json)
        {
            JsonOutput.Write(ThroughputReport.ToJson(results));
        }
        else
        {
            foreach (SelfCheckResult result in results)
            {
                Screen.Output.Line($"{(result.Passed ? "ok    " : "FAILED")} {result.Summary}");
            }
        }

        return results.TrueForAll(static result => result.Passed) ? ExitCode.Success : ExitCode.FindingFailed;
    }
}
