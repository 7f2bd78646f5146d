using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using LlmOps.Engines.Install;

namespace LlmOps.Binding;

/// <summary>Completes names of engines that were installed.</summary>
public sealed class EngineInstallCompleter : IArgumentCompleter
{
    /// <inheritdoc />
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        try
        {
            return [.. from install in EngineInstalls.Default.List()
                       where Completion.Matches(install.Name, wordToComplete)
                       select Completion.Of(install.Name, $"{install.Engine} {install.Version} from {install.Source}")];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The shell would drop every other completion too if this one threw; the command itself reports what is wrong.
            return [];
        }
    }
}
