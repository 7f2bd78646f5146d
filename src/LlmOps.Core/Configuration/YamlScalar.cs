using System.Text;
using System.Text.RegularExpressions;

namespace LlmOps.Configuration;

/// <summary>Texts as YAML scalars: plain where nothing can be misread, else in double quotes.</summary>
internal static partial class YamlScalar
{
    private static readonly string[] s_words = ["true", "false", "yes", "no", "on", "off", "y", "n", "null"];

    /// <summary>The text as a scalar that any YAML reader reads as this text.</summary>
    public static string Of(string text) => IsPlainAtSight(text) || (!IsNumberAtSight(text) && Plain().IsMatch(text) && !LooksLikeAnotherType().IsMatch(text)) ? text : Quoted(text);

    // These two decide as the patterns do for paths, words and addresses, which is all that most configurations hold: every start writes one,
    // and would load the library of patterns for it.
    private static bool IsPlainAtSight(string text)
    {
        foreach (char letter in text)
        {
            if (!char.IsAsciiLetterOrDigit(letter) && letter is not ('/' or '.' or '_' or '~' or '+' or '@' or '=' or '%' or '-'))
            {
                return false;
            }
        }

        return text is [var first, ..] && (first == '/' || (char.IsAsciiLetter(first) && !Array.Exists(s_words, word => word.Equals(text, StringComparison.OrdinalIgnoreCase))));
    }

    private static bool IsNumberAtSight(string text)
    {
        foreach (char letter in text)
        {
            if (!char.IsAsciiDigit(letter) && letter != '.')
            {
                return false;
            }
        }

        return text.Length > 0;
    }

    private static string Quoted(string text)
    {
        StringBuilder quoted = new("\"");
        foreach (char letter in text)
        {
            _ = letter switch
            {
                '"' => quoted.Append("\\\""),
                '\\' => quoted.Append("\\\\"),
                '\n' => quoted.Append("\\n"),
                '\r' => quoted.Append("\\r"),
                '\t' => quoted.Append("\\t"),
                _ when char.IsControl(letter) || letter is '\u2028' or '\u2029' or '\ufeff' => quoted.Append($"\\u{(int)letter:x4}"),
                _ => quoted.Append(letter),
            };
        }

        return quoted.Append('"').ToString();
    }

    // Starts with a letter, digit, slash or dot and has nothing that YAML gives a meaning to (": ", " #", brackets, quotes).
    [GeneratedRegex(@"^[A-Za-z0-9/._~][A-Za-z0-9/._~+@=%-]*(?: [A-Za-z0-9/._~+@=%-]+)*$")]
    private static partial Regex Plain();

    // 1.1's yes/no/on/off and numbers with underscores are included: other readers still follow it.
    [GeneratedRegex(@"^(?:true|false|yes|no|on|off|y|n|null|~|[-+]?[0-9.][0-9._]*(?:e[-+]?[0-9]+)?|0[xob][0-9a-f_]+|[-+]?\.(?:inf|nan)|\d{4}-\d{2}-\d{2}.*)$", RegexOptions.IgnoreCase)]
    private static partial Regex LooksLikeAnotherType();
}
