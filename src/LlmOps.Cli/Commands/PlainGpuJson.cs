using LlmOps.Engines;
using LlmOps.Hardware;
using LlmOps.Processes;

namespace LlmOps.Cli.Commands;

/// <summary><c>llmops gpu --json</c> without the parser: scripts and dashboards ask this often, and the parser takes most of its time.</summary>
internal static class PlainGpuJson
{
    /// <summary>Whether these are the arguments that it answers.</summary>
    public static bool Answers(string[] arguments) => !OperatingSystem.IsWindows() && arguments is ["gpu", "--json"];

    /// <summary>Prints the topology.</summary>
    /// <returns>The exit code; null when an engine must be asked for devices that no driver knows, so that the whole command must answer.</returns>
    public static int? Run()
    {
        try
        {
            EngineLocator engines = new(new EngineLocatorOptions());
            if (new MachineSurvey(engines).CaptureKnown(CancellationToken.None) is not { } topology)
            {
                return null;
            }

            StandardOutput.Write(TopologyFile.ToJson(topology) + "\n");
            return ExitCode.Success;
        }
        catch (Exception problem)
        {
            return ErrorReport.Show(problem, verbose: false);
        }
    }
}
