using LlmOps.Engines;

namespace LlmOps.Binding;

/// <summary>A command as text that a POSIX shell reads back as the same list of arguments. For people; nothing is ever run from it.</summary>
internal static class CommandLineText
{
    private const string Bare = "%+,-./:=@_";

    /// <summary>Variables, program and arguments on one line.</summary>
    public static string Of(LaunchCommand command) => string.Join(' ', [
        .. command.Environment.OrderBy(variable => variable.Key, StringComparer.Ordinal).Select(variable => $"{variable.Key}={Quote(variable.Value)}"),
        Quote(command.File),
        .. command.Arguments.Select(Quote)]);

    private static string Quote(string text) =>
        text.Length > 0 && text.All(letter => char.IsAsciiLetterOrDigit(letter) || Bare.Contains(letter))
            ? text
            : "'" + text.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
}
