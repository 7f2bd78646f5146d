using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace LlmOps.Binding;

/// <summary>Completes roles of chat messages.</summary>
public sealed class MessageRoleCompleter : IArgumentCompleter
{
    private static readonly (string Role, string Meaning)[] s_roles =
    [
        ("developer", "instructions, as newer clients name them"),
        ("system", "instructions"),
        ("user", "what the user says"),
        ("assistant", "what the model said"),
        ("tool", "what a tool gave back"),
        ("reasoning", "what the model thought (only to test)"),
    ];

    /// <inheritdoc />
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        from known in s_roles
        where Completion.Matches(known.Role, wordToComplete)
        select Completion.Of(known.Role, known.Meaning);
}
