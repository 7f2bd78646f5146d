using System.Text;
using LlmOps.Benchmarking;
using LlmOps.Cli.Commands;
using LlmOps.Cli.Output;
using LlmOps.Configuration;
using LlmOps.Diagnostics;
using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp.Install;
using LlmOps.Hardware;
using LlmOps.Models;
using LlmOps.Planning;
using LlmOps.Servers;
using Spectre.Console;

namespace LlmOps.Cli.Demo;

/// <summary>The demonstration, stage by stage. Whatever happens, no process and no temporary file stays behind.</summary>
/// <param name="console">Where it is shown.</param>
/// <param name="outputFolder">Where the report goes.</param>
/// <param name="enginePath">The llama-server to use; null to find or obtain one.</param>
/// <param name="keepModel">Where a copy of the small model goes; null for nowhere.</param>
internal sealed class DemoRun(IAnsiConsole console, string outputFolder, string? enginePath, string? keepModel)
{
    private static readonly int[] Loads = [1, 2, 4];

    private static readonly UTF8Encoding PlainUtf8 = new(encoderShouldEmitUTF8Identifier: false);

    private readonly DemoClock _clock = new(console);

    /// <summary>Runs all stages.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await using DemoWorkspace workspace = new(outputFolder);
        try
        {
            await RunAsync(workspace, cancellationToken).ConfigureAwait(false);
        }
        catch (ServerFailedException failure)
        {
            failure.LastLines.ToList().ForEach(line => console.Line($"  | {line}"));
            throw;
        }
    }

    private async Task RunAsync(DemoWorkspace workspace, CancellationToken cancellationToken)
    {
        _clock.Heading("A real llama-server");
        EngineCapabilities engine = await ObtainEngineAsync(cancellationToken).ConfigureAwait(false);

        _clock.Heading("A small model with random weights");
        TinyModelWriter.Write(workspace.ModelFile, new TinyModelOptions());
        if (keepModel is not null)
        {
            File.Copy(workspace.ModelFile, keepModel, overwrite: true);
        }

        ModelDescription model = ModelReader.Read(workspace.ModelFile);
        ModelCommand.Write(console, model);

        _clock.Heading("The machine");
        GpuTopology topology = EngineTopology.AddDevices(new TopologySurvey(new SurveyOptions()).Capture(cancellationToken), engine);
        TopologyView.Write(console, topology);

        _clock.Heading("Is everything in order?");
        CheckContext context = new() { Topology = topology, Engine = engine, Model = model };
        List<CheckResult> findings = await new EnvironmentChecks().RunAsync(context, cancellationToken).ToListAsync(cancellationToken).ConfigureAwait(false);
        CheckView.Write(console, [.. findings.Where(finding => finding.Status != CheckStatus.Skip)], withSkipped: false);

        _clock.Heading("The configuration, and why");
        ServerConfig config = new ServerPlanner().Plan(new PlanRequest
        {
            Model = model, Topology = topology, Engine = engine, Name = DemoWorkspace.ServerName, IsThisMachine = true,
        });
        PlanView.WriteDecisions(console, config.Decisions);
        PlanView.WriteMemory(console, config.Plan);
        PlanCommand.ReportProblems(config);

        _clock.Heading("The command");
        LaunchCommand launch = LaunchCommandBuilder.Build(config, engine);
        PlanView.WriteCommand(launch);

        _clock.Heading("Start");
        LlmServer server = await new ServerStarter(workspace.Registry, SupervisorCommand.Find())
            .StartAsync(new StartRequest { Config = config, Command = launch }, _clock.ForStart(), cancellationToken).ConfigureAwait(false);
        ServerView.WriteTable(console, [server]);

        _clock.Heading("Measure: 1, 2 and 4 requests at a time");
        List<ThroughputResult> results = await MeasureAsync(server, cancellationToken).ConfigureAwait(false);

        _clock.Heading("Report");
        WriteReport(results, DemoReport.Context(topology, engine, model, config), config);

        _clock.Heading("Stop");
        await workspace.StopServersAsync(cancellationToken).ConfigureAwait(false);
        ServerView.WriteTable(console, workspace.Registry.List());
        console.Line($"Nothing is left running; all of it took {_clock.Elapsed.TotalSeconds:0.0} s.");
    }

    private async Task<EngineCapabilities> ObtainEngineAsync(CancellationToken cancellationToken)
    {
        string? named = enginePath ?? Environment.GetEnvironmentVariable(EngineLocator.PathVariable);
        LlamaCppInstaller installer = new(new LlamaCppInstallerOptions { ExplicitPath = string.IsNullOrEmpty(named) ? null : named });
        InstalledEngine installed = await installer.ObtainAsync(_clock.ForLines(), cancellationToken).ConfigureAwait(false);
        EngineCapabilities engine = await new EngineLocator(new EngineLocatorOptions()).RequireAsync(installed.ServerPath, cancellationToken).ConfigureAwait(false);
        EngineCommand.Write(console, [engine]);
        return engine;
    }

    private async Task<List<ThroughputResult>> MeasureAsync(LlmServer server, CancellationToken cancellationToken)
    {
        MeasurementOptions options = new()
        {
            Endpoint = server.Endpoint, ServerName = server.Name, Model = server.Alias, Concurrency = Loads, PromptTokens = 64, OutputTokens = 64,
        };
        List<ThroughputResult> results = await BenchCommand.MeasureAsync(options, _clock.ForLines(), cancellationToken).ConfigureAwait(false);
        ThroughputView.Write(console, results);
        return results;
    }

    private void WriteReport(List<ThroughputResult> results, ReportContext context, ServerConfig config)
    {
        Directory.CreateDirectory(outputFolder);
        string report = Path.Combine(outputFolder, "report.md");
        string configuration = Path.Combine(outputFolder, "config.yaml");
        File.WriteAllText(report, ThroughputReport.ToMarkdown(results, context), PlainUtf8);
        File.WriteAllText(Path.Combine(outputFolder, "results.json"), ThroughputReport.ToJson(results), PlainUtf8);
        File.WriteAllText(configuration, ServerConfigFile.ToYaml(config), PlainUtf8);
        console.Line($"The report:        {report}\nThe configuration: {configuration}");
    }
}
