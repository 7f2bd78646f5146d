using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using LlmOps.Diagnostics;

namespace LlmOps.Binding;

/// <summary>Completes ids of environment checks.</summary>
public sealed class CheckIdCompleter : IArgumentCompleter
{
    /// <inheritdoc />
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        from check in EnvironmentChecks.Summaries
        where Completion.Matches(check.Key, wordToComplete)
        select Completion.Of(check.Key, check.Value);
}
