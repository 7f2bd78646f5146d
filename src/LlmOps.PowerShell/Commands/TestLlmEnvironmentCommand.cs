using System.Management.Automation;
using LlmOps.Binding;
using LlmOps.Configuration;
using LlmOps.Diagnostics;
using LlmOps.Diagnostics.Fixes;
using LlmOps.Hardware;

namespace LlmOps.Commands;

/// <summary>Looks for what will fail, before it fails: drivers, memory, limits, engine, model, ports.</summary>
[Cmdlet(VerbsDiagnostic.Test, "LlmEnvironment", SupportsShouldProcess = true)]
[OutputType(typeof(CheckResult), typeof(bool))]
public sealed class TestLlmEnvironmentCommand : CheckCommand
{
    /// <summary>The machine; this one when left out.</summary>
    [Parameter(ValueFromPipeline = true, HelpMessage = "The machine (Get-GpuTopology); this one when left out.")]
    [TopologyTransformation]
    [ArgumentCompleter(typeof(JsonFileCompleter))]
    public GpuTopology? Topology { get; set; }

    /// <summary>The configuration that is to be started.</summary>
    [Parameter(ValueFromPipeline = true, HelpMessage = "The configuration that is to be started.")]
    [ConfigTransformation]
    [ArgumentCompleter(typeof(ConfigFileCompleter))]
    public ServerConfig? Config { get; set; }

    /// <summary>The model file; the configuration's when left out.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true, HelpMessage = "The model file; the configuration's when left out.")]
    [Alias("Path", "PSPath")]
    [ArgumentCompleter(typeof(ModelFileCompleter))]
    [ValidateNotNullOrEmpty]
    [ModelPathTransformation]
    public string? Model { get; set; }

    /// <summary>The engine.</summary>
    [Parameter(HelpMessage = "The engine; Auto chooses.")]
    [ValidateSet(EngineChoice.Auto, EngineNames.LlamaCpp, EngineNames.Vllm)]
    public string Engine { get; set; } = EngineChoice.Auto;

    /// <summary>The engine's binary; the best one found when left out.</summary>
    [Parameter(HelpMessage = "The engine's binary; the best one found when left out.")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(EnginePathCompleter))]
    public string? EnginePath { get; set; }

    /// <summary>Only checks of these categories.</summary>
    [Parameter(HelpMessage = "Only checks of these categories.")]
    public CheckCategory[] Category { get; set; } = [];

    /// <summary>Only these checks.</summary>
    [Parameter(HelpMessage = "Only these checks, by id, with wildcards: gpu.*, python.nvcc.")]
    [ArgumentCompleter(typeof(CheckIdCompleter))]
    [SupportsWildcards]
    public string[] Id { get; set; } = [];

    /// <summary>Not these checks.</summary>
    [Parameter(HelpMessage = "Not these checks, by id, with wildcards.")]
    [ArgumentCompleter(typeof(CheckIdCompleter))]
    [SupportsWildcards]
    public string[] Exclude { get; set; } = [];

    /// <summary>Roles that clients send besides system, user and assistant.</summary>
    [Parameter(HelpMessage = "Roles that clients send besides system, user and assistant: developer, tool.")]
    [ArgumentCompleter(typeof(MessageRoleCompleter))]
    public string[] Role { get; set; } = [];

    /// <summary>Apply the remedies that are safe, one at a time.</summary>
    [Parameter(HelpMessage = "Apply the remedies that are safe, one at a time, and look again; what was done is noted (Get-LlmEnvironmentFix). Other remedies are only shown.")]
    public SwitchParameter Fix { get; set; }

    /// <inheritdoc />
    protected override bool IsMending => Fix;

    /// <inheritdoc />
    protected override IEnumerable<CheckResult> Mend(CheckRequest request, CheckSelection selection, IReadOnlyList<CheckResult> results)
    {
        EnvironmentMending.RequireThisMachine(request);
        EnvironmentMending mending = new(request, FixCommands.Runner());
        CheckResult[] mended = [.. results.Select(result => EnvironmentFix.Of(result) is { } fix ? Mend(mending, result, fix) : result)];
        return mending.HasApplied ? Await(stop => mending.LookAgainAsync(selection, stop)) : mended;
    }

    private CheckResult Mend(EnvironmentMending mending, CheckResult result, EnvironmentFix fix)
    {
        CheckResult now = result;
        if (fix.Apply.Count > 0 && ShouldProcess($"{result.Id}: {result.Message}", $"Run {fix.Text}"))
        {
            (now, FixRecord? done) = Await(stop => mending.ApplyAsync(result, stop));
            if (done is { Succeeded: false, Commands: [.., var failed] })
            {
                WriteWarning($"{result.Id}: '{failed.Text}' ended with exit code {failed.ExitCode}: {failed.Output}");
            }
            else if (done is not null)
            {
                WriteVerbose($"{result.Id}: ran {done.Done}{(done.Undo.Count > 0 ? $"; undo: {string.Join("; ", done.Undo)}" : string.Empty)}");
            }
        }

        if (fix.Leave.Count > 0 && now.Status is not (CheckStatus.Pass or CheckStatus.Skip))
        {
            WriteWarning($"{result.Id}: left to you: {string.Join("; ", fix.Leave)}");
        }

        return now;
    }

    /// <inheritdoc />
    protected override void Process() => Check(
        new CheckRequest
        {
            Topology = Topology,
            IsOtherMachine = Topology is { } topology && !TopologyOrigin.IsThisMachine(topology),
            Config = Config,
            Model = Model == Config?.Model ? null : Model, // Bound from the configuration, whose model is for the checks to look at.
            Engine = Engine == EngineChoice.Auto ? null : Engine,
            EnginePath = EnginePath,
            Roles = Role,
        },
        new CheckSelection { Categories = Category, Ids = Id, Exclude = Exclude });
}
