using System.Management.Automation;
using LlmOps.Binding;
using LlmOps.Servers;

namespace LlmOps.Commands;

/// <summary>Lists servers, whichever session started them.</summary>
[Cmdlet(VerbsCommon.Get, "LlmServer")]
[OutputType(typeof(LlmServer))]
public sealed class GetLlmServerCommand : LlmOpsCommand
{
    /// <summary>Names, with wildcards; all servers without it.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "Name of the server, with wildcards; all servers without it.")]
    [Alias("InputObject")]
    [ServerNameTransformation]
    [ArgumentCompleter(typeof(ServerNameCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = ["*"];

    /// <inheritdoc />
    protected override void Process()
    {
        foreach (string name in Name)
        {
            // A list of its own, because what follows in the pipeline may remove servers.
            Attempt(name, () => WriteObject(ServerRegistry.Default.Select(name).ToArray(), enumerateCollection: true));
        }
    }
}
