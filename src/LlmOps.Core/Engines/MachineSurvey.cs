using LlmOps.Hardware;

namespace LlmOps.Engines;

/// <summary>Surveys this machine as both the drivers and the engine see it.</summary>
/// <param name="locator">Finds the engine that is asked.</param>
public sealed class MachineSurvey(EngineLocator locator)
{
    /// <summary>The same topology in a few milliseconds, where neither an engine nor a large file must be asked for it; else null.</summary>
    /// <exception cref="OperationCanceledException">The caller cancelled.</exception>
    public GpuTopology? CaptureKnown(CancellationToken cancellationToken)
    {
        GpuTopology topology = new TopologySurvey(new SurveyOptions()).Capture(cancellationToken);
        return topology.Gpus.Count > 0 ? topology
            : locator.FindKnownDevices() is { } devices ? EngineTopology.AddDevices(topology, devices)
            : null;
    }

    /// <summary>The topology; when no driver knows a GPU, with the devices that only the engine sees.</summary>
    /// <param name="options">How to survey.</param>
    /// <param name="cancellationToken">Ends the survey.</param>
    /// <exception cref="LlmOpsException"><c>EngineNotFound</c>: the engine is the source and there is none.</exception>
    public async Task<GpuTopology> CaptureAsync(SurveyOptions options, CancellationToken cancellationToken)
    {
        GpuTopology topology = new TopologySurvey(options).Capture(cancellationToken);
        if (options.Source == TopologySource.Engine)
        {
            return EngineTopology.AddDevices(topology, await locator.RequireAsync(null, cancellationToken).ConfigureAwait(false));
        }

        if (options.Source != TopologySource.Auto || topology.Gpus.Count > 0)
        {
            return topology;
        }

        try
        {
            if (await locator.FindBestAsync(null, cancellationToken).ConfigureAwait(false) is not { } engine)
            {
                return topology;
            }

            locator.RememberDevices(engine);
            return EngineTopology.AddDevices(topology, engine);
        }
        catch (LlmOpsException problem)
        {
            // A machine can be shown without its engine; what needs the engine fails with the same message.
            return topology with { Notes = [.. topology.Notes, problem.Message] };
        }
    }
}
