using System.Management.Automation;
using LlmOps.Binding;
using LlmOps.Configuration;
using LlmOps.Engines.Install;
using LlmOps.Hardware;

namespace LlmOps.Commands;

/// <summary>Installs an engine: from packages, a release, an image, Python packages or sources.</summary>
[Cmdlet(VerbsLifecycle.Install, "LlmEngine", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(EngineInstall), typeof(EngineInstallPlan))]
public sealed class InstallLlmEngineCommand : LlmOpsCommand
{
    /// <summary>The engine.</summary>
    [Parameter(Position = 0, HelpMessage = "The engine.")]
    [ValidateSet(EngineNames.LlamaCpp, EngineNames.Vllm)]
    public string Engine { get; set; } = EngineNames.LlamaCpp;

    /// <summary>Where from.</summary>
    [Parameter(HelpMessage = "Where from; the best source that can be reached when left out.")]
    public InstallSource? Source { get; set; }

    /// <summary>The version.</summary>
    [Parameter(HelpMessage = "The version: 0.7.0, b6123, 0.21.0; the newest that suits the machine when left out.")]
    [ValidateNotNullOrEmpty]
    public string? Version { get; set; }

    /// <summary>The folder that gets the install as a folder of its own.</summary>
    [Parameter(HelpMessage = "The folder that gets the install as a folder of its own; ~/.local/share/llmops/engines when left out.")]
    [ValidateNotNullOrEmpty]
    public string? Destination { get; set; }

    /// <summary>The name of the install.</summary>
    [Parameter(HelpMessage = "The name of the install; made of version, source and backend when left out.")]
    [ValidateNotNullOrEmpty]
    public string? Name { get; set; }

    /// <summary>What it is to compute on.</summary>
    [Parameter(HelpMessage = "What it is to compute on; Auto is what the machine has.")]
    public EngineBackend Backend { get; set; }

    /// <summary>Sources or wheels on this machine.</summary>
    [Parameter(HelpMessage = "Instead of a network: llama.cpp's sources, a wheel of vLLM, or a folder of wheels.")]
    [ValidateNotNullOrEmpty]
    public string? SourcePath { get; set; }

    /// <summary>The image to pull.</summary>
    [Parameter(HelpMessage = "With -Source Docker: the image to pull instead of the engine's own.")]
    [ValidateNotNullOrEmpty]
    public string? Image { get; set; }

    /// <summary>Further options of a build.</summary>
    [Parameter(HelpMessage = "Further options of a build: GGML_NATIVE=OFF.")]
    public string[] BuildOption { get; set; } = [];

    /// <summary>How many compilers run at once.</summary>
    [Parameter(HelpMessage = "How many compilers run at once; one less than there are cores when left out.")]
    [ValidateRange(1, 1024)]
    public int? Jobs { get; set; }

    /// <summary>The Python of an environment.</summary>
    [Parameter(HelpMessage = "The Python of the environment; the best one on PATH when left out.")]
    [ValidateNotNullOrEmpty]
    public string? Python { get; set; }

    /// <summary>The index of Python packages.</summary>
    [Parameter(HelpMessage = "The index of Python packages; pip's own setting when left out.")]
    [ValidateNotNullOrEmpty]
    public string? Index { get; set; }

    /// <summary>The CUDA that wheels are built for.</summary>
    [Parameter(HelpMessage = "The CUDA that wheels are built for: 13.0, 12.9; what the driver runs when left out.")]
    [ValidatePattern(@"^\d+\.\d+$")]
    public string? Cuda { get; set; }

    /// <summary>Further packages of the environment.</summary>
    [Parameter(HelpMessage = "Further packages of the environment, as pip takes them: transformers==5.1.0.")]
    public string[] Requirement { get; set; } = [];

    /// <summary>The wheel of a plugin.</summary>
    [Parameter(HelpMessage = "The wheel of a plugin of vLLM, or the zip that it comes in.")]
    [ValidateNotNullOrEmpty]
    public string? Plugin { get; set; }

    /// <summary>The machine that a plan is for.</summary>
    [Parameter(ValueFromPipeline = true, HelpMessage = "The machine (Get-GpuTopology); this one when left out. Another machine's can only be planned for.")]
    [TopologyTransformation]
    [ArgumentCompleter(typeof(JsonFileCompleter))]
    public GpuTopology? Topology { get; set; }

    /// <summary>Leave the system's packages alone.</summary>
    [Parameter(HelpMessage = "Leave the system's packages alone; what is missing is then an error.")]
    public SwitchParameter SkipPrerequisite { get; set; }

    /// <summary>Give the plan instead of carrying it out.</summary>
    [Parameter(HelpMessage = "Give the plan as an object instead of carrying it out.")]
    public SwitchParameter PlanOnly { get; set; }

    /// <summary>Replace an install of the same name.</summary>
    [Parameter(HelpMessage = "Replace an install of the same name.")]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc />
    protected override void Process()
    {
        EngineInstaller installer = new(new EngineInstallRequest
        {
            Engine = Engine,
            Source = Source,
            Version = Version,
            Destination = PathOf(Destination),
            Name = Name,
            Backend = Backend,
            SourcePath = PathOf(SourcePath),
            Image = Image,
            BuildOptions = BuildOption,
            Jobs = Jobs,
            Python = Python,
            Index = Index,
            Cuda = Cuda,
            Requirements = Requirement,
            Plugin = PathOf(Plugin),
            Topology = Topology,
            SkipPrerequisites = SkipPrerequisite,
            Force = Force,
        });
        EngineInstallPlan plan = Await(installer.PlanAsync);
        if (PlanOnly)
        {
            WriteObject(plan);
            return;
        }

        string steps = string.Join(System.Environment.NewLine, plan.Lines());
        if (!ShouldProcess($"Install {steps}", $"Install {steps}{System.Environment.NewLine}?", "Install-LlmEngine"))
        {
            if (plan.Problem is { } problem)
            {
                WriteWarning($"This cannot be done here now: {problem}");
            }

            return;
        }

        if (Topology is not null && !TopologyOrigin.IsThisMachine(Topology))
        {
            throw new LlmOpsException("the topology is of another machine, for which an engine can only be planned; add -WhatIf or -PlanOnly, or leave -Topology out", "TopologyOfAnotherMachine");
        }

        IProgress<string> progress = ProgressOf<string>($"Installing {plan.Name}", (line, record) => record.StatusDescription = line.Length == 0 ? " " : line);
        try
        {
            WriteObject(Await(stop => installer.InstallAsync(plan, progress, stop)));
        }
        finally
        {
            EndProgress();
        }
    }

    private string? PathOf(string? path) => path is null ? null : FilePaths.New(this, path);
}
