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
        Option<bool> full = new("--full") { Description = "Show everything that is known of the host and of each GPU." };
        Option<bool> matrix = new("--matrix") { Description = "Show how GPUs reach each other as a table, like 'nvidia-smi topo -m'." };
        Option<bool> visible = new("--visible") { Description = "Only what CUDA_VISIBLE_DEVICES and its like let programs see." };
        Option<TimeSpan?> watch = Options.Seconds("--watch", "Show what the GPUs do, every so many seconds, until interrupted.");
        Option<int?> rounds = Options.Whole("--rounds", "N", 1, int.MaxValue, "End --watch after so many rounds.");
        Command command = new("gpu", "Show the host, its GPUs and how they reach each other.") { topology, index, source, json, full, matrix, visible, watch, rounds };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            GpuTopology found = parsed.GetValue(topology) is { } file
                ? TopologyFile.Read(file)
                : await CaptureAsync(parsed.GetValue(source) ?? TopologySource.Auto, cancellationToken).ConfigureAwait(false);
            if (parsed.GetList(index) is { } wanted)
            {
                found = new GpuFilter { Indexes = wanted }.Apply(found);
            }

            if (parsed.GetValue(visible))
            {
                found = VisibleDevices.Apply(found);
            }

            if (parsed.GetValue(watch) is { } interval)
            {
                return await GpuWatch.RunAsync(found, interval, parsed.GetValue(rounds), cancellationToken).ConfigureAwait(false);
            }

            if (parsed.GetValue(json))
            {
                JsonOutput.Write(TopologyFile.ToJson(found));
            }
            else if (parsed.GetValue(matrix))
            {
                Console.Out.Write(found.Gpus.Count > 0 ? TopologyMatrix.ToText(found) : "No GPUs: models run on the processor.\n");
            }
            else
            {
                TopologyView.Write(Screen.Output, found);
                if (parsed.GetValue(full))
                {
                    TopologyList.Write(Screen.Output, found);
                }
            }

            return ExitCode.Success;
        });
        return command;
    }

    /// <summary>This machine's topology.</summary>
    public static Task<GpuTopology> CaptureAsync(TopologySource source, CancellationToken cancellationToken) =>
        new MachineSurvey(new EngineLocator(new EngineLocatorOptions())).CaptureAsync(new SurveyOptions { Source = source }, cancellationToken);
}
