using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using LlmOps.Servers;

namespace LlmOps.Binding;

/// <summary>Completes names of servers that the registry knows.</summary>
public sealed class ServerNameCompleter : IArgumentCompleter
{
    /// <inheritdoc />
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        try
        {
            return [.. from server in ServerRegistry.Default.List()
                       where Completion.Matches(server.Name, wordToComplete)
                       select Completion.Of(server.Name, $"{server.State} at {server.Endpoint}")];
        }
        catch (Exception failure) when (failure is LlmOpsException or IOException or UnauthorizedAccessException)
        {
            // The shell would drop every other completion too if this one threw; the command itself reports what is wrong.
            return [];
        }
    }
}
