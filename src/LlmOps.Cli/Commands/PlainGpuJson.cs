using System.Text;
using LlmOps.Engines;
using LlmOps.Hardware;
using LlmOps.Processes;
using Microsoft.Win32.SafeHandles;

namespace LlmOps.Cli.Commands;

/// <summary><c>llmops gpu --json</c> without the parser: scripts and dashboards ask this often, and the parser takes most of its time.</summary>
internal static class PlainGpuJson
{
    /// <summary>Whether these are the arguments that it answers.</summary>
    public static bool Answers(string[] arguments) => !OperatingSystem.IsWindows() && arguments is ["gpu", "--json"];

    /// <summary>Prints the topology.</summary>
    /// <returns>The exit code; null when an engine may know devices that no driver does, so that the whole command must answer.</returns>
    public static int? Run()
    {
        try
        {
            GpuTopology topology = new TopologySurvey(new SurveyOptions()).Capture(CancellationToken.None);
            if (topology.Gpus.Count == 0 && MayHaveEngine())
            {
                return null;
            }

            // The descriptor itself: opening the console costs as much as the survey.
            using FileStream output = new(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
            output.Write(Encoding.UTF8.GetBytes(TopologyFile.ToJson(topology) + "\n"));
            return ExitCode.Success;
        }
        catch (Exception problem)
        {
            return ErrorReport.Show(problem, verbose: false);
        }
    }

    private static bool MayHaveEngine() =>
        !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(EngineLocator.PathVariable))
        || ExecutableFinder.Find("llama-server") is not null
        || Directory.Exists(Path.Combine(LlmOpsFolders.Cache, "engines"));
}
