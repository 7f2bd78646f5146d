namespace LlmOps.Engines;

/// <summary>A command as text that a POSIX shell reads back as the same list of arguments. For people; nothing is ever run from it.</summary>
public static class ShellText
{
    private const string Bare = "%+,-./:=@_";

    /// <summary>Variables, program and arguments on one line.</summary>
    public static string Line(LaunchCommand command) => string.Join(' ', [.. Head(command), .. command.Arguments.Select(Quote)]);

    /// <summary>The same on several lines, an option and its value on one.</summary>
    public static string Lines(LaunchCommand command)
    {
        List<string> lines = [.. Head(command)];
        foreach (string argument in command.Arguments)
        {
            if (argument.StartsWith('-') || !IsOpenOption(lines[^1]))
            {
                lines.Add(Quote(argument));
            }
            else
            {
                lines[^1] += " " + Quote(argument);
            }
        }

        return string.Join(" \\\n  ", lines);
    }

    private static IEnumerable<string> Head(LaunchCommand command) =>
    [
        .. (command.SecretFiles ?? new Dictionary<string, string>()).OrderBy(variable => variable.Key, StringComparer.Ordinal).Select(variable => $"{variable.Key}=\"$(head -n 1 {Quote(variable.Value)})\""),
        .. command.Environment.OrderBy(variable => variable.Key, StringComparer.Ordinal).Select(variable => $"{variable.Key}={Quote(variable.Value)}"),
        Quote(command.File),
    ];

    private static bool IsOpenOption(string line) => line.StartsWith('-') && !line.Contains(' ');

    /// <summary>One word as a POSIX shell reads it back.</summary>
    public static string Quote(string text) =>
        text.Length > 0 && text.All(letter => char.IsAsciiLetterOrDigit(letter) || Bare.Contains(letter))
            ? text
            : $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
