using System.Text.RegularExpressions;

namespace LlmOps.Diagnostics;

/// <summary>Texts of the catalogue with the facts of a line in them.</summary>
internal static partial class FaultText
{
    /// <summary>
    /// Puts facts in: <c>"no memory[ on device {device}]"</c>. A part in brackets stays only when all facts in it are known.
    /// </summary>
    public static string Fill(string template, IReadOnlyDictionary<string, string> facts) => Optional().Replace(template, part =>
    {
        bool known = true;
        string text = Fact().Replace(part.Groups["text"].Value, fact =>
        {
            known &= facts.TryGetValue(fact.Groups["name"].Value, out string? value);
            return value ?? string.Empty;
        });
        return known ? text : string.Empty;
    });

    /// <summary>A line without the codes that colour it on a terminal.</summary>
    public static string WithoutColours(string line) => line.Contains('\u001b', StringComparison.Ordinal) ? Escape().Replace(line, string.Empty) : line;

    [GeneratedRegex(@"\[(?<text>[^\[\]]*\{\w+\}[^\[\]]*)\]", RegexOptions.ExplicitCapture)]
    private static partial Regex Optional();

    [GeneratedRegex(@"\{(?<name>\w+)\}", RegexOptions.ExplicitCapture)]
    private static partial Regex Fact();

    [GeneratedRegex(@"\u001b\[[0-9;?]*[A-Za-z]")]
    private static partial Regex Escape();
}
