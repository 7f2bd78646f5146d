namespace LlmOps.Diagnostics.Fixes;

/// <summary>What mends one finding: commands that may be run without asking, and commands that a person decides about.</summary>
/// <param name="CheckId">The check that found it.</param>
/// <param name="Message">What it found.</param>
/// <param name="Apply">The safe commands that come first, in order; empty where there is none.</param>
/// <param name="Leave">The first command that is not safe and all after it: they build on one another, so none is taken out of their order.</param>
public sealed record EnvironmentFix(string CheckId, string Message, IReadOnlyList<RemedyCommand> Apply, IReadOnlyList<RemedyCommand> Leave)
{
    /// <summary>The commands to apply, one line, as a person types them.</summary>
    public string Text => string.Join("; ", Apply);

    /// <summary>What mends <paramref name="result"/>; null when it is in order, or when only words mend it.</summary>
    public static EnvironmentFix? Of(CheckResult result) => result.Status is CheckStatus.Pass or CheckStatus.Skip || result.Commands.Count == 0 ? null
        : new EnvironmentFix(result.Id, result.Message, [.. result.Commands.TakeWhile(command => command.Safe)], [.. result.Commands.SkipWhile(command => command.Safe)]);
}
