namespace LlmOps.Models.Templates;

/// <summary>What a token of a Jinja block is.</summary>
internal enum JinjaTokenKind
{
    /// <summary>A name or keyword.</summary>
    Name,

    /// <summary>A string, its quotes included.</summary>
    String,

    /// <summary>A number.</summary>
    Number,

    /// <summary>An operator or bracket.</summary>
    Operator,
}

/// <summary>One token of a block.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Start">Where it begins in the template.</param>
/// <param name="End">Where it ends, exclusive.</param>
/// <param name="Text">The name, the operator, or the string's contents.</param>
/// <param name="Pair">Of a bracket, the number of the one that it goes with; -1 where there is none.</param>
internal readonly record struct JinjaToken(JinjaTokenKind Kind, int Start, int End, string Text, int Pair = -1)
{
    public bool Is(string text) => Kind is JinjaTokenKind.Name or JinjaTokenKind.Operator && Text == text;

    public bool IsString(string text) => Kind == JinjaTokenKind.String && Text == text;
}

/// <summary>One block: <c>{% … %}</c> or <c>{{ … }}</c>.</summary>
/// <param name="IsOutput">Whether it prints what is in it.</param>
/// <param name="Start">Where it begins in the template, braces included.</param>
/// <param name="Tokens">What is in it.</param>
internal sealed record JinjaBlock(bool IsOutput, int Start, IReadOnlyList<JinjaToken> Tokens)
{
    /// <summary>The statement's name: <c>if</c>, <c>elif</c>, …; null for output.</summary>
    public string? Statement => !IsOutput && Tokens is [{ Kind: JinjaTokenKind.Name } name, ..] ? name.Text : null;
}
