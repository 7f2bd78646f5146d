using System.Management.Automation;
using LlmOps.Binding;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Engines.Install;

namespace LlmOps.Commands;

/// <summary>Finds the engines on this machine and reads what each accepts.</summary>
[Cmdlet(VerbsCommon.Get, "LlmEngine")]
[OutputType(typeof(EngineCapabilities), typeof(EngineInstall))]
public sealed class GetLlmEngineCommand : LlmOpsCommand
{
    /// <summary>Which engine; Auto for all.</summary>
    [Parameter(HelpMessage = "Which engine to look for; Auto for all.")]
    [ValidateSet(EngineChoice.Auto, EngineNames.LlamaCpp, EngineNames.Vllm)]
    public string Engine { get; set; } = EngineChoice.Auto;

    /// <summary>Only these binaries.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, HelpMessage = "Read this binary instead of looking for engines.")]
    [Alias("PSPath")]
    [ArgumentCompleter(typeof(EnginePathCompleter))]
    public string[] Path { get; set; } = [];

    /// <summary>Start engines whose version is known from their files, to read their help all the same.</summary>
    [Parameter(HelpMessage = "Ask vllm for its help instead of going by its version; starts Python, which takes a while.")]
    public SwitchParameter Help { get; set; }

    /// <summary>What Install-LlmEngine installed, and from what.</summary>
    [Parameter(HelpMessage = "Give what Install-LlmEngine installed, and from what, instead of all engines.")]
    public SwitchParameter Installed { get; set; }

    private string? Wanted => Engine == EngineChoice.Auto ? null : Engine;

    /// <inheritdoc />
    protected override void Process()
    {
        if (Installed)
        {
            WriteObject(EngineInstalls.Default.List().Where(install => Wanted is null || install.Engine == Wanted).ToArray(), enumerateCollection: true);
            return;
        }

        if (Path.Length == 0)
        {
            IReadOnlyList<EngineCapabilities> found = EngineChoice.FindAll(this, Wanted, Help);
            WriteObject(found, enumerateCollection: true);
            if (found.Count == 0)
            {
                WriteWarning($"No {Wanted ?? "engine"} was found on this machine. Install-LlmEngine gets one; with -WhatIf it shows the steps first.");
            }

            return;
        }

        foreach (string path in Path)
        {
            Attempt(path, () => WriteObject(EngineChoice.Require(this, path, Wanted, Help)));
        }
    }
}
