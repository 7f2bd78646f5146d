using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using LlmOps.Engines.LlamaCpp;

namespace LlmOps.Binding;

/// <summary>Completes types of the KV cache from the engine's option table.</summary>
public sealed class KvCacheTypeCompleter : IArgumentCompleter
{
    /// <inheritdoc />
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        from type in LlamaCppOptions.KvCacheTypeK.Choices
        where Completion.Matches(type, wordToComplete)
        select Completion.Of(type, LlamaCppOptions.KvCacheTypeK.Summary);
}
