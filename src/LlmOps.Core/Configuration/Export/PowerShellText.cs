using System.Text;

namespace LlmOps.Configuration.Export;

/// <summary>Text as PowerShell reads it back.</summary>
internal static class PowerShellText
{
    /// <summary>A literal in single quotes.</summary>
    /// <remarks>PowerShell takes typographic quotes for plain ones: <c>CharExtensions.IsSingleQuote</c> of PowerShell/PowerShell <c>CharTraits.cs</c>.</remarks>
    public static string Quote(string text)
    {
        StringBuilder quoted = new("'");
        foreach (char letter in text)
        {
            quoted.Append(letter);
            if (letter is '\'' or '\u2018' or '\u2019' or '\u201A' or '\u201B')
            {
                quoted.Append(letter);
            }
        }

        return quoted.Append('\'').ToString();
    }
}
