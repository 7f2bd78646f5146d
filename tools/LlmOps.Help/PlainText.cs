using System.Text;
using System.Text.RegularExpressions;

namespace LlmOps.Help;

/// <summary>Turns Markdown within a line into the plain text that Get-Help shows.</summary>
internal static partial class PlainText
{
    /// <summary>Without marks: code, stress, links.</summary>
    public static string Of(string markdown) => Code().Replace(Stress().Replace(Link().Replace(markdown, "$1"), "$1"), "$1");

    /// <summary>Lines of at most so many columns, each after so many blanks.</summary>
    public static string Wrap(string text, int columns, string first, string rest)
    {
        StringBuilder wrapped = new();
        string line = first;
        bool empty = true;
        foreach (string word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!empty && line.Length + 1 + word.Length > columns)
            {
                wrapped.Append(line).Append('\n');
                (line, empty) = (rest, true);
            }

            line += empty ? word : " " + word;
            empty = false;
        }

        return wrapped.Append(line).ToString();
    }

    [GeneratedRegex(@"\[([^\]]+)\]\([^)]+\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"\*\*([^*]+)\*\*")]
    private static partial Regex Stress();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();
}
