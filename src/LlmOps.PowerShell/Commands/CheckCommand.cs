using System.Management.Automation;
using LlmOps.Binding;
using LlmOps.Configuration;
using LlmOps.Diagnostics;
using LlmOps.Engines;
using LlmOps.Hardware;
using LlmOps.Models;

namespace LlmOps.Commands;

/// <summary>The base of the cmdlets that run checks and give what each found, or just whether none failed.</summary>
public abstract class CheckCommand : LlmOpsCommand
{
    private bool _failed;

    /// <summary>Give true or false: whether no check failed.</summary>
    [Parameter(HelpMessage = "Give true or false: whether no check failed.")]
    public SwitchParameter Quiet { get; set; }

    /// <inheritdoc />
    protected override void End()
    {
        if (Quiet)
        {
            WriteObject(!_failed);
        }
    }

    /// <summary>Runs checks and writes what they find.</summary>
    /// <param name="topology">The machine; null for this one.</param>
    /// <param name="config">The configuration; null for none.</param>
    /// <param name="model">Path of the model; null for the configuration's.</param>
    /// <param name="enginePath">The engine's binary; null for the configuration's, else the best one found.</param>
    /// <param name="categories">Which checks; empty for all.</param>
    protected void Check(GpuTopology? topology, ServerConfig? config, string? model, string? enginePath, IReadOnlyCollection<CheckCategory> categories)
    {
        CheckContext context = new()
        {
            Topology = topology ?? ThisMachine.Capture(this, TopologySource.Auto),
            Config = config,
        };
        context = WithEngine(context, enginePath ?? config?.EnginePath);
        context = WithModel(context, model ?? config?.Model);
        Stream(stop => new EnvironmentChecks().RunAsync(context, categories, stop), Write);
    }

    private CheckContext WithEngine(CheckContext context, string? path)
    {
        try
        {
            EngineCapabilities? engine = EngineChoice.Find(this, path);
            return context with { Engine = engine };
        }
        catch (LlmOpsException problem)
        {
            return context with { EngineProblem = problem.Message };
        }
    }

    private CheckContext WithModel(CheckContext context, string? path)
    {
        if (path is null)
        {
            return context;
        }

        try
        {
            return context with { Model = ModelReader.Read(FilePaths.Existing(this, path)) };
        }
        catch (LlmOpsException problem)
        {
            _failed = true;
            WriteError(ErrorRecords.From(problem, path));
            return context;
        }
    }

    private void Write(CheckResult result)
    {
        _failed |= result.Status == CheckStatus.Fail;
        if (!Quiet)
        {
            WriteObject(result);
        }
        else if (result.Status == CheckStatus.Fail)
        {
            WriteVerbose($"{result.Id}: {result.Message} {result.Remedy}");
        }
    }
}
