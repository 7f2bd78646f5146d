using System.Text.RegularExpressions;

namespace LlmOps.Models;

/// <summary>Finds the message roles that a chat template (Jinja) names: the literals that it compares a role with.</summary>
internal static partial class ChatTemplateRoles
{
    /// <summary>The roles in the order in which the template first names them. A template that compares none takes any.</summary>
    public static IReadOnlyList<string> Find(string template)
    {
        List<(int Index, string Role)> found = [];

        // One blank for each run of them keeps the pattern below linear: the template comes from a file of strangers.
        string dense = Blanks().Replace(template, " ");
        foreach (Match match in Comparison().Matches(dense))
        {
            found.AddRange(match.Groups["role"].Captures.Select(capture => (capture.Index, capture.Value)));
        }

        return [.. found.OrderBy(item => item.Index).Select(item => item.Role).Distinct(StringComparer.Ordinal)];
    }

    // message.role == 'user' · message["role"] != "tool" · role in ['system', "developer"] · m.get('role') not in (…) · 'user' == message.role
    // Quotes are escaped in templates that were pasted from JSON.
    [GeneratedRegex(
        """
        \brole\\?['"]?[ ]?[\])]?[ ]?(\|[ ]?\w+[ ]?)?(==|!=)[ ]?\\?['"](?<role>[a-z][a-z_]*)\\?['"]
        |\brole\\?['"]?[ ]?[\])]?[ ]?(\|[ ]?\w+[ ]?)?(not[ ])?in[ ]?[\[(]([ ]?\\?['"](?<role>[a-z][a-z_]*)\\?['"][ ]?,?)+
        |\\?['"](?<role>[a-z][a-z_]*)\\?['"][ ]?(==|!=)[ ]?[\w.]+(\[\w+\])?(\.|\[\\?['"])role\b
        """,
        RegexOptions.IgnorePatternWhitespace | RegexOptions.CultureInvariant)]
    private static partial Regex Comparison();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}
