using System.Management.Automation;
using LlmOps.Binding;
using LlmOps.Engines.Install;

namespace LlmOps.Commands;

/// <summary>Removes engines that Install-LlmEngine installed, and nothing else.</summary>
[Cmdlet(VerbsLifecycle.Uninstall, "LlmEngine", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium, DefaultParameterSetName = NameSet)]
[OutputType(typeof(void))]
public sealed class UninstallLlmEngineCommand : LlmOpsCommand
{
    private const string NameSet = "Name";
    private const string InstallSet = "Install";

    /// <summary>Names of installs; wildcards.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = NameSet, HelpMessage = "Names of installs, with wildcards.")]
    [ArgumentCompleter(typeof(EngineInstallCompleter))]
    [SupportsWildcards]
    public string[] Name { get; set; } = [];

    /// <summary>What Install-LlmEngine gave.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = InstallSet, HelpMessage = "What Install-LlmEngine gave.")]
    public EngineInstall[] InputObject { get; set; } = [];

    /// <summary>Remove it even where a program of it runs.</summary>
    [Parameter(HelpMessage = "Remove it even where a program of it runs.")]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc />
    protected override void Process()
    {
        if (ParameterSetName == NameSet)
        {
            Each(Name, EngineInstalls.Default.Find, Remove);
            return;
        }

        foreach (EngineInstall install in InputObject)
        {
            Attempt(install, () => Remove(install));
        }
    }

    private void Remove(EngineInstall install)
    {
        if (ShouldProcess($"{install.Name} ({install.Folder ?? install.Path})", "Remove engine")
            && Await(stop => new EngineRemoval(EngineInstalls.Default).RemoveAsync(install, Force, stop)) is { } stays)
        {
            WriteWarning(stays);
        }
    }
}
