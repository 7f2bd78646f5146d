using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using LlmOps.Engines;

namespace LlmOps.Binding;

/// <summary>Completes options by the engine's own flags, <c>cache-type-k=</c>, and then their values; its help is the tool tip.</summary>
public sealed class OptionCompleter : IArgumentCompleter
{
    /// <inheritdoc />
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string word = (wordToComplete ?? string.Empty).Trim('\'', '"');
        IReadOnlyList<EngineFlag> flags = BoundEngine.Of(fakeBoundParameters ?? new Hashtable())?.Flags ?? [];
        int equals = word.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? Names(flags, word.TrimStart('-')) : Values(flags, word[..equals].TrimStart('-'), word[(equals + 1)..]);
    }

    private static IEnumerable<CompletionResult> Names(IEnumerable<EngineFlag> flags, string typed) =>
        from flag in flags
        from name in flag.Names
        where name.StartsWith("--", StringComparison.Ordinal) && Completion.Matches(name[2..], typed)
        orderby name
        select new CompletionResult(name[2..] + "=", name[2..], CompletionResultType.ParameterValue, ToolTip(flag));

    private static IEnumerable<CompletionResult> Values(IEnumerable<EngineFlag> flags, string name, string typed) =>
        from flag in flags
        where flag.Names.Contains("--" + name)
        from value in flag.TakesValue ? flag.Choices : ["true", "false"]
        where Completion.Matches(value, typed)
        select new CompletionResult($"{name}={value}", value, CompletionResultType.ParameterValue, ToolTip(flag));

    internal static string ToolTip(EngineFlag flag) => flag.Help.Length > 0 ? flag.Help : string.Join(", ", flag.Names);
}

/// <summary>Completes arguments that are passed on to the engine, by its own flags.</summary>
public sealed class EngineArgumentCompleter : IArgumentCompleter
{
    /// <inheritdoc />
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        from flag in BoundEngine.Of(fakeBoundParameters ?? new Hashtable())?.Flags ?? []
        from name in flag.Names
        where Completion.Matches(name, wordToComplete)
        orderby name
        select new CompletionResult($"'{name}'", name, CompletionResultType.ParameterValue, OptionCompleter.ToolTip(flag));
}

/// <summary>Completes paths of engines: those that are found, then files.</summary>
public sealed class EnginePathCompleter : IArgumentCompleter
{
    /// <inheritdoc />
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        BoundEngine.All()
            .Where(engine => Completion.Matches(engine.Path, wordToComplete))
            .Select(engine => Completion.Of(engine.Path, $"{engine.Engine} {engine.Version}"))
            .Concat(CompletionCompleters.CompleteFilename(wordToComplete));
}
