using System.Management.Automation;
using LlmOps.Binding;
using LlmOps.Configuration;
using LlmOps.Diagnostics;
using LlmOps.Hardware;

namespace LlmOps.Commands;

/// <summary>Looks for what will fail, before it fails: drivers, memory, limits, engine, model, ports.</summary>
[Cmdlet(VerbsDiagnostic.Test, "LlmEnvironment")]
[OutputType(typeof(CheckResult), typeof(bool))]
public sealed class TestLlmEnvironmentCommand : CheckCommand
{
    /// <summary>The machine; this one when left out.</summary>
    [Parameter(ValueFromPipeline = true, HelpMessage = "The machine (Get-GpuTopology); this one when left out.")]
    public GpuTopology? Topology { get; set; }

    /// <summary>The configuration that is to be started.</summary>
    [Parameter(ValueFromPipeline = true, HelpMessage = "The configuration that is to be started.")]
    public ServerConfig? Config { get; set; }

    /// <summary>The model file; the configuration's when left out.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true, HelpMessage = "The model file; the configuration's when left out.")]
    [Alias("Path", "PSPath")]
    [ArgumentCompleter(typeof(ModelFileCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Model { get; set; }

    /// <summary>The engine.</summary>
    [Parameter(HelpMessage = "The engine; Auto chooses.")]
    [ValidateSet(EngineChoice.Auto, EngineNames.LlamaCpp)]
    public string Engine { get; set; } = EngineChoice.Auto;

    /// <summary>The engine's binary; the best one found when left out.</summary>
    [Parameter(HelpMessage = "The engine's binary; the best one found when left out.")]
    [ValidateNotNullOrEmpty]
    public string? EnginePath { get; set; }

    /// <summary>Only checks of these categories.</summary>
    [Parameter(HelpMessage = "Only checks of these categories.")]
    public CheckCategory[] Category { get; set; } = [];

    /// <inheritdoc />
    protected override void Process() => Check(Topology, Config, Model, EnginePath, Category);
}
