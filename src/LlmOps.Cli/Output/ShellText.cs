using LlmOps.Engines;

namespace LlmOps.Cli.Output;

/// <summary>A command as text that a POSIX shell reads back as the same arguments. Only ever shown, never executed.</summary>
internal static class ShellText
{
    /// <summary>The command with its variables in front, an option and its value on one line.</summary>
    public static string Lines(LaunchCommand command)
    {
        List<string> lines = [.. command.Environment.Select(variable => $"{variable.Key}={Quote(variable.Value)}"), Quote(command.File)];
        foreach (string argument in command.Arguments)
        {
            if (argument.StartsWith('-') || lines.Count == 0 || !IsOpenOption(lines[^1]))
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

    private static bool IsOpenOption(string line) => line.StartsWith('-') && !line.Contains(' ');

    private static string Quote(string text) =>
        text.Length > 0 && text.All(letter => char.IsAsciiLetterOrDigit(letter) || "-_./:=,+@%".Contains(letter))
            ? text
            : $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
