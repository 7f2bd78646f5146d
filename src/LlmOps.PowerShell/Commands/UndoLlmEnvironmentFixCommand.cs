using System.Management.Automation;
using LlmOps.Binding;
using LlmOps.Diagnostics.Fixes;

namespace LlmOps.Commands;

/// <summary>Takes back what Test-LlmEnvironment -Fix did.</summary>
[Cmdlet(VerbsCommon.Undo, "LlmEnvironmentFix", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(FixRecord))]
public sealed class UndoLlmEnvironmentFixCommand : LlmOpsCommand
{
    /// <summary>What Get-LlmEnvironmentFix gave.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, HelpMessage = "What Get-LlmEnvironmentFix gave.")]
    public FixRecord[] InputObject { get; set; } = [];

    /// <inheritdoc />
    protected override void Process()
    {
        foreach (FixRecord record in InputObject)
        {
            Attempt(record, () =>
            {
                if (ShouldProcess(record.Name, $"Run {string.Join("; ", record.Undo)}"))
                {
                    WriteObject(Await(stop => FixCommands.Runner().UndoAsync(record, stop)));
                }
            });
        }
    }
}
