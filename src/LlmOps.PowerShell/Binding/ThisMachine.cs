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
        MachineSurvey survey = new(new EngineLocator(new EngineLocatorOptions()));
        GpuTopology topology = cmdlet.Await(stop => survey.CaptureAsync(new SurveyOptions { Source = source }, stop));
        return TopologyOrigin.MarkThisMachine(topology);
    }
}
