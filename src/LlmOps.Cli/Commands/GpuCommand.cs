using System.CommandLine;
using LlmOps.Cli.Output;
using LlmOps.Engines;
using LlmOps.Hardware;

namespace LlmOps.Cli.Commands;

/// <summary><c>llmops gpu</c>: the host, its GPUs and how they reach each other.</summary>
internal static class GpuCommand
{
    public static Command Create()
    {
        Option<string?> topology = Options.Text("--topology", "FILE", "Show a saved topology instead of this machine's.");
        Option<int[]?> index = Options.WholeList("--index", "N,N", 0, "Only these GPUs, by index.");
        Option<TopologySource?> source = Options.Choice<TopologySource>("--source", "Which probe to ask.");
        Option<bool> json = Options.Json();
        Command command = new("gpu", "Show the host, its GPUs and how they reach each other.") { topology, index, source, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            GpuTopology found = parsed.GetValue(topology) is { } file
                ? TopologyFile.Read(file)
                : await CaptureAsync(parsed.GetValue(source) ?? TopologySource.Auto, cancellationToken).ConfigureAwait(false);
            if (parsed.GetList(index) is { } wanted)
            {
                found = new GpuFilter { Indexes = wanted }.Apply(found);
            }

            if (parsed.GetValue(json))
            {
                JsonOutput.Write(TopologyFile.ToJson(found));
            }
            else
            {
                TopologyView.Write(Screen.Output, found);
            }

            return ExitCode.Success;
        });
        return command;
    }

    /// <summary>This machine's topology; devices that only an engine can see are asked of the engine, when there are no others.</summary>
    public static async Task<GpuTopology> CaptureAsync(TopologySource source, CancellationToken cancellationToken)
    {
        GpuTopology topology = new TopologySurvey(new SurveyOptions { Source = source }).Capture(cancellationToken);
        EngineLocator locator = new(new EngineLocatorOptions());
        if (source == TopologySource.Engine)
        {
            return EngineTopology.AddDevices(topology, await locator.RequireAsync(null, cancellationToken).ConfigureAwait(false));
        }

        if (source != TopologySource.Auto || topology.Gpus.Count > 0)
        {
            return topology;
        }

        try
        {
            return await locator.FindBestAsync(null, cancellationToken).ConfigureAwait(false) is { } engine
                ? EngineTopology.AddDevices(topology, engine)
                : topology;
        }
        catch (LlmOpsException problem)
        {
            // The machine can be shown without its engine; the command that needs the engine fails with the same message.
            return topology with { Notes = [.. topology.Notes, problem.Message] };
        }
    }
}
