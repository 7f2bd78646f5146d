using System.CommandLine;
using LlmOps.Benchmarking;
using LlmOps.Benchmarking.Comparison;
using LlmOps.Benchmarking.Reports;
using LlmOps.Cli.Output;

namespace LlmOps.Cli.Commands;

/// <summary><c>llmops compare</c>: how results differ from a baseline, with the noise of both.</summary>
internal static class CompareCommand
{
    public static Command Create()
    {
        Argument<string> baseline = new("BASELINE.json") { Description = "What 'llmops bench --output' wrote before." };
        Argument<string[]> files = new("RESULTS.json") { Description = "What it wrote now; several files are runs of the same.", Arity = ArgumentArity.OneOrMore };
        Option<bool> json = Options.Json();
        Command command = new("compare", "Compare measurements with a baseline, with their noise.") { baseline, files, json };
        command.SetAction(parsed =>
        {
            IReadOnlyList<ThroughputDifference> differences = ThroughputComparer.Compare(
                ResultFile.Read(parsed.GetRequiredValue(baseline)), [.. parsed.GetRequiredValue(files).SelectMany(ResultFile.Read)]);
            if (parsed.GetValue(json))
            {
                JsonOutput.Write(BenchmarkingJson.Write(differences));
            }
            else
            {
                DifferenceView.Write(Screen.Output, differences);
            }

            return ExitCode.Success;
        });
        return command;
    }
}
