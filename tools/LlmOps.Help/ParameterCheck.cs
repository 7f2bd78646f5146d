namespace LlmOps.Help;

/// <summary>Says what the text of a parameter leaves out: what it does, what holds without it, and what its number counts.</summary>
internal static class ParameterCheck
{
    public static IEnumerable<string> Run(ParameterFacts parameter, ParameterText text)
    {
        if (text.Paragraphs.Count == 0)
        {
            yield return "has a heading but no text";
        }

        if (parameter.Type.IsNumber && string.IsNullOrEmpty(text.Unit))
        {
            yield return "is a number without its unit; write '- Unit: ...'";
        }

        if (parameter.IsMandatory || parameter.IsSwitch)
        {
            if (text.Default is not null)
            {
                yield return $"is {(parameter.IsSwitch ? "a switch" : "mandatory")} and has no default; leave '- Default: {text.Default}' out";
            }
        }
        else if (string.IsNullOrEmpty(text.Default))
        {
            yield return $"has no default; write '- Default: {parameter.Default ?? "..."}'";
        }
        else if (parameter.Default is { } value && !Says(text.Default, value))
        {
            yield return $"has the default '{value}'; its page says '{text.Default}'";
        }
    }

    // The value, and then perhaps what it means: "`Auto`, which ...", "60".
    private static bool Says(string text, string value)
    {
        string plain = text.Replace("`", string.Empty, StringComparison.Ordinal);
        return plain.StartsWith(value, StringComparison.Ordinal) && (plain.Length == value.Length || plain[value.Length] is ' ' or ',' or ';' or '.' or ':');
    }
}
