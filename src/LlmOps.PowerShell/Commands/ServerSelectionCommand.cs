using System.Management.Automation;
using LlmOps.Binding;
using LlmOps.Servers;

namespace LlmOps.Commands;

/// <summary>The base of the cmdlets that act on servers which are there already.</summary>
public abstract class ServerSelectionCommand : LlmOpsCommand
{
    /// <summary>Names, with wildcards; or the servers themselves, also ones that came back from a job.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "Name of the server, with wildcards, or the server itself.")]
    [Alias("InputObject")]
    [ServerNameTransformation]
    [ArgumentCompleter(typeof(ServerNameCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Where servers are recorded.</summary>
    protected static ServerRegistry Registry => ServerRegistry.Default;

    /// <inheritdoc />
    protected sealed override void Process() => Each(Name, Registry.Select, Process);

    /// <summary>For each server selected.</summary>
    protected abstract void Process(LlmServer server);
}
