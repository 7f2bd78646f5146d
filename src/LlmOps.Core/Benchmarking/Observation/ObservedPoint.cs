using LlmOps.Benchmarking.Judgement;
using LlmOps.Benchmarking.Judgement.Rules;

namespace LlmOps.Benchmarking.Observation;

/// <summary>Measures one load point while the server, the GPUs and the host are looked at, and judges it.</summary>
internal static class ObservedPoint
{
    /// <summary>Runs <paramref name="measure"/> and adds what was seen to its result.</summary>
    public static async Task<ThroughputResult> MeasureAsync(MeasurementOptions options, Func<Task<ThroughputResult>> measure, CancellationToken cancellationToken)
    {
        if (options.Observation is not { } machine)
        {
            return await measure().ConfigureAwait(false) with { Environment = options.Environment };
        }

        PointObserver observer = await PointObserver.StartAsync(options, machine, cancellationToken).ConfigureAwait(false);
        ThroughputResult result;
        try
        {
            result = await measure().ConfigureAwait(false);
            PointObservation seen = await observer.StopAsync(result.OutputTokens, cancellationToken).ConfigureAwait(false);
            result = result with { Environment = options.Environment, Observation = seen };
        }
        finally
        {
            await observer.DisposeAsync().ConfigureAwait(false);
        }

        PointJudgement judgement = new PointJudge(machine).Judge(result);
        return result with
        {
            Judgement = judgement,
            Warnings = [.. result.Warnings, .. judgement.Causes.Where(cause => cause.Id == ClientBottleneck.Id).Select(cause => cause.Cause)],
        };
    }
}
