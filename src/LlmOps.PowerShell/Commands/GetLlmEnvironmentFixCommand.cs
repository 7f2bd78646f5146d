using System.Management.Automation;
using LlmOps.Diagnostics.Fixes;

namespace LlmOps.Commands;

/// <summary>Gives what Test-LlmEnvironment -Fix did, and how each is taken back.</summary>
[Cmdlet(VerbsCommon.Get, "LlmEnvironmentFix")]
[OutputType(typeof(FixRecord))]
public sealed class GetLlmEnvironmentFixCommand : LlmOpsCommand
{
    /// <summary>Names of fixes, or ids of checks; wildcards.</summary>
    [Parameter(Position = 0, HelpMessage = "Names of fixes, or ids of checks, with wildcards; all when left out.")]
    [SupportsWildcards]
    public string[] Name { get; set; } = ["*"];

    /// <inheritdoc />
    protected override void Process() => Each(Name, FixRecords.Default.Find, WriteObject);
}
