using System.Text;
using System.Text.RegularExpressions;

namespace LlmOps.Engines.LlamaCpp;

/// <summary>Reads the flags out of llama-server's <c>--help</c>, in the form of any version.</summary>
/// <remarks>
/// An entry starts with a dash in the left margin (versions of 2024 indent flags without a short name): names separated by commas, an argument hint after the last name (in
/// versions of 2024 after each), then two spaces or a new line, then the help text. What follows further to the right belongs to it.
/// </remarks>
public static partial class HelpText
{
    // The help column starts at 40 in current versions and near 30 in old ones; a flag never starts that far to the right.
    private const int DeepestFlagColumn = 12;

    /// <summary>Every flag that <paramref name="help"/> offers. Flags that the help calls removed are left out: the parser refuses them.</summary>
    public static IReadOnlyList<EngineFlag> Parse(string help)
    {
        List<EngineFlag> flags = [];
        Entry? open = null;
        foreach (string line in help.ReplaceLineEndings("\n").Split('\n'))
        {
            int column = line.Length - line.AsSpan().TrimStart().Length;
            if (column <= DeepestFlagColumn && FlagStart().IsMatch(line))
            {
                Close(open, flags);
                open = Open(line[column..]);
            }
            else if (open is not null && column > DeepestFlagColumn && column < line.Length)
            {
                open.Lines.Add(line.Trim());
            }
            else
            {
                Close(open, flags);
                open = null;
            }
        }

        Close(open, flags);
        return flags;
    }

    private static Entry Open(string text)
    {
        Entry entry = new();
        int at = 0;
        while (true)
        {
            int nameEnd = at;
            while (nameEnd < text.Length && (char.IsAsciiLetterOrDigit(text[nameEnd]) || text[nameEnd] is '-' or '_' or '.'))
            {
                nameEnd++;
            }

            entry.Names.Add(text[at..nameEnd]);
            at = nameEnd;

            // One space and no dash: the argument hint, up to two spaces, the end, or the comma before the next name.
            if (at + 1 < text.Length && text[at] == ' ' && text[at + 1] is not (' ' or '-'))
            {
                int end = HintEnd(text, at + 1);
                entry.Argument = text[(at + 1)..end].TrimEnd();
                at = end;
            }

            Match next = NextName().Match(text, at);
            if (!next.Success)
            {
                break;
            }

            at += next.Length;
        }

        if (text[at..].Trim() is { Length: > 0 } rest)
        {
            entry.Lines.Add(rest);
        }

        return entry;
    }

    private static int HintEnd(string text, int from)
    {
        for (int at = from; at < text.Length; at++)
        {
            if (text.AsSpan(at).StartsWith("  ") || NextName().IsMatch(text, at))
            {
                return at;
            }
        }

        return text.Length;
    }

    private static void Close(Entry? entry, List<EngineFlag> flags)
    {
        if (entry is null)
        {
            return;
        }

        StringBuilder help = new();
        List<string> listed = [];
        string? environment = null;
        foreach (string line in entry.Lines)
        {
            if (EnvironmentName().Match(line) is { Success: true } named)
            {
                environment = named.Groups[1].Value;
                continue;
            }

            if (ListedChoice().Match(line) is { Success: true } choice)
            {
                listed.Add(choice.Groups[1].Value);
            }

            help.Append(help.Length == 0 ? "" : " ").Append(line);
        }

        string text = help.ToString();
        if (text.Contains("argument has been removed", StringComparison.Ordinal))
        {
            return;
        }

        flags.Add(new EngineFlag(entry.Names, entry.Argument, Choices(entry.Argument, text, listed), text, environment));
    }

    private static IReadOnlyList<string> Choices(string? argument, string help, List<string> listed)
    {
        if (argument is null)
        {
            return [];
        }

        // {a,b}, [a|b] and <0|1> are closed lists; <dev1,dev2,..> and [N|M] with dots or capitals are shapes.
        if (ClosedList().Match(argument) is { Success: true } closed)
        {
            return closed.Groups[1].Value.Split(',', '|');
        }

        return AllowedValues().Match(help) is { Success: true } allowed ? allowed.Groups[1].Value.Split(", ") : listed;
    }

    // A dash and a letter, or two dashes and a letter: neither "----- common params -----" nor "- auto: mmap, unless".
    [GeneratedRegex(@"^ *--?[A-Za-z]")]
    private static partial Regex FlagStart();

    [GeneratedRegex(@"\G,\s*(?=-)")]
    private static partial Regex NextName();

    [GeneratedRegex(@"^\(env: (\w+)\)$")]
    private static partial Regex EnvironmentName();

    [GeneratedRegex(@"^-\s+([a-z0-9+_]+):")]
    private static partial Regex ListedChoice();

    [GeneratedRegex(@"^[\[{<]([a-z0-9_+]+(?:[,|][a-z0-9_+]+)+)[\]}>]$")]
    private static partial Regex ClosedList();

    [GeneratedRegex(@"allowed values: ([\w.+-]+(?:, [\w.+-]+)*)")]
    private static partial Regex AllowedValues();

    private sealed class Entry
    {
        public List<string> Names { get; } = [];

        public string? Argument { get; set; }

        public List<string> Lines { get; } = [];
    }
}
