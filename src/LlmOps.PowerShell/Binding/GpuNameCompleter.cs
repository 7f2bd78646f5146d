using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using LlmOps.Engines;
using LlmOps.Hardware;

namespace LlmOps.Binding;

/// <summary>Completes product names of GPUs: of the saved topology when one is named, else of this machine.</summary>
public sealed class GpuNameCompleter : IArgumentCompleter
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    /// <inheritdoc />
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        try
        {
            return [.. from gpu in Topology(fakeBoundParameters?["Path"]?.ToString()).Gpus.DistinctBy(gpu => gpu.Name)
                       where Completion.Matches(gpu.Name, wordToComplete)
                       select Completion.Of(gpu.Name, ShowTip(gpu))];
        }
        catch (Exception failure) when (failure is LlmOpsException or OperationCanceledException or IOException or UnauthorizedAccessException)
        {
            // The shell would drop every other completion too if this one threw; the command itself reports what is wrong.
            return [];
        }
    }

    private static GpuTopology Topology(string? path)
    {
        if (path is not null)
        {
            return TopologyFile.Read(CompletionCompleters.CompleteFilename(path).FirstOrDefault()?.ToolTip ?? path);
        }

        using CancellationTokenSource patience = new(s_patience);
        return new MachineSurvey(new EngineLocator(new EngineLocatorOptions())).CaptureAsync(new SurveyOptions(), patience.Token).GetAwaiter().GetResult();
    }

    private static string ShowTip(GpuDevice gpu) => $"{Bytes.Format(gpu.MemoryTotalBytes)}, {gpu.Vendor}";
}
