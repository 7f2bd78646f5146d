using System.CommandLine;
using LlmOps.Cli.Output;
using LlmOps.Configuration;
using LlmOps.Diagnostics;
using LlmOps.Engines;
using LlmOps.Hardware;
using LlmOps.Models;

namespace LlmOps.Cli.Commands;

/// <summary><c>llmops doctor</c>: looks for what will fail before it fails.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        Option<string?> config = Options.Text("--config", "FILE", "Check this configuration: its engine, model, port and files.");
        Option<string?> model = Options.Text("--model", "PATH", "Check this model.");
        Option<string?> topology = Options.Text("--topology", "FILE", "Check the machine of a saved topology instead of this one.");
        Option<string?> enginePath = Options.Text("--engine-path", "FILE", "Check this engine's binary; else the best one found.");
        Option<bool> json = Options.Json();
        Command command = new("doctor", "Check the machine, the engine and a configuration.") { config, model, topology, enginePath, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            ServerConfig? configuration = parsed.GetValue(config) is { } file ? ServerConfigFile.Read(file) : null;
            string? modelPath = parsed.GetValue(model) ?? configuration?.Model;
            CheckContext context = await ContextAsync(
                parsed.GetValue(topology), parsed.GetValue(enginePath) ?? configuration?.EnginePath, cancellationToken).ConfigureAwait(false);
            context = context with { Config = configuration, Model = modelPath is null ? null : ModelReader.Read(modelPath) };

            IReadOnlyList<CheckResult> results = await new EnvironmentChecks().RunAsync(context, cancellationToken).ToListAsync(cancellationToken).ConfigureAwait(false);
            if (parsed.GetValue(json))
            {
                JsonOutput.Write(results, CliJson.Readable.IReadOnlyListCheckResult);
            }
            else
            {
                CheckView.Write(Screen.Output, results);
            }

            return results.Any(result => result.Status == CheckStatus.Fail) ? ExitCode.FindingFailed : ExitCode.Success;
        });
        return command;
    }

    /// <summary>What the checks of a machine look at; an engine that cannot be read is for the checks to report.</summary>
    private static async Task<CheckContext> ContextAsync(string? topologyFile, string? enginePath, CancellationToken cancellationToken)
    {
        GpuTopology topology = topologyFile is null
            ? new TopologySurvey(new SurveyOptions()).Capture(cancellationToken)
            : TopologyFile.Read(topologyFile);
        try
        {
            EngineCapabilities? engine = await new EngineLocator(new EngineLocatorOptions()).FindBestAsync(enginePath, cancellationToken).ConfigureAwait(false);
            return new CheckContext
            {
                Topology = engine is null || topologyFile is not null ? topology : EngineTopology.AddDevices(topology, engine),
                Engine = engine,
            };
        }
        catch (LlmOpsException problem)
        {
            return new CheckContext { Topology = topology, EngineProblem = problem.Message };
        }
    }
}
