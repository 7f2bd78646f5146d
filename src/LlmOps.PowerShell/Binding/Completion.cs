using System.Management.Automation;

namespace LlmOps.Binding;

/// <summary>What argument completers have in common.</summary>
internal static class Completion
{
    /// <summary>Whether <paramref name="candidate"/> starts with what was typed so far, quotes aside.</summary>
    public static bool Matches(string candidate, string? typed) =>
        candidate.StartsWith((typed ?? string.Empty).Trim('\'', '"'), StringComparison.OrdinalIgnoreCase);

    /// <summary>A completion that is quoted where PowerShell needs it.</summary>
    /// <param name="value">The argument.</param>
    /// <param name="toolTip">What is known about it.</param>
    public static CompletionResult Of(string value, string toolTip)
    {
        bool bare = value.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-' or '_' or '/');
        string text = bare ? value : "'" + value.Replace("'", "''", StringComparison.Ordinal) + "'";
        return new CompletionResult(text, value, CompletionResultType.ParameterValue, toolTip);
    }
}
