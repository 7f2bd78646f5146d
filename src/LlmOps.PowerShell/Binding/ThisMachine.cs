using LlmOps.Commands;
using LlmOps.Engines;
using LlmOps.Hardware;

namespace LlmOps.Binding;

/// <summary>Takes the topology of the machine that the cmdlet runs on.</summary>
internal static class ThisMachine
{
    /// <summary>The topology; when no driver knows a GPU, with the devices that only an engine sees.</summary>
    /// <param name="cmdlet">Who asks.</param>
    /// <param name="source">Which probe to ask.</param>
    /// <exception cref="LlmOpsException"><c>EngineNotFound</c>: the engine is the source and there is none.</exception>
    public static GpuTopology Capture(LlmOpsCommand cmdlet, TopologySource source)
    {
        cmdlet.WriteVerbose($"Asking this machine for its GPUs (source: {source}).");
        GpuTopology topology = cmdlet.Await(stop => Task.FromResult(new TopologySurvey(new SurveyOptions { Source = source }).Capture(stop)));
        if (source == TopologySource.Engine)
        {
            topology = EngineTopology.AddDevices(topology, EngineChoice.Require(cmdlet, null));
        }
        else if (source == TopologySource.Auto && topology.Gpus.Count == 0)
        {
            topology = AddEngineDevices(cmdlet, topology);
        }

        return TopologyOrigin.MarkThisMachine(topology);
    }

    private static GpuTopology AddEngineDevices(LlmOpsCommand cmdlet, GpuTopology topology)
    {
        try
        {
            return EngineChoice.Find(cmdlet, null) is EngineCapabilities engine ? EngineTopology.AddDevices(topology, engine) : topology;
        }
        catch (LlmOpsException problem)
        {
            // A machine can be shown without its engine; what needs the engine fails with the same message.
            return topology with { Notes = [.. topology.Notes, problem.Message] };
        }
    }
}
