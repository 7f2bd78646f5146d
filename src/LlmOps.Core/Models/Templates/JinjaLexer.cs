namespace LlmOps.Models.Templates;

/// <summary>Cuts a Jinja template into blocks and these into tokens; text between blocks, comments and raw parts are left aside.</summary>
/// <remarks>Never fails: what is no Jinja ends the block that it is in. Takes time linear in the template's length.</remarks>
internal sealed class JinjaLexer(string template)
{
    private static readonly string[] s_longOperators = ["==", "!=", "<=", ">=", "//", "**"];

    private readonly List<JinjaBlock> _blocks = [];
    private int _at;

    /// <summary>The blocks of a template, in order.</summary>
    public static IReadOnlyList<JinjaBlock> Read(string template)
    {
        JinjaLexer lexer = new(template);
        lexer.Run();
        return lexer._blocks;
    }

    private void Run()
    {
        while ((_at = template.IndexOf('{', _at)) is >= 0 and int start && start + 1 < template.Length)
        {
            switch (template[start + 1])
            {
                case '#':
                    Skip("#}", start + 2);
                    break;
                case '%':
                    ReadBlock(start, isOutput: false);
                    break;
                case '{':
                    ReadBlock(start, isOutput: true);
                    break;
                default:
                    _at++;
                    break;
            }
        }
    }

    private void Skip(string end, int from)
    {
        int found = template.IndexOf(end, from, StringComparison.Ordinal);
        _at = found < 0 ? template.Length : found + end.Length;
    }

    private void ReadBlock(int start, bool isOutput)
    {
        _at = start + 2;
        _at += _at < template.Length && template[_at] is '-' or '+' ? 1 : 0;
        List<JinjaToken> tokens = [];
        Stack<int> open = new();
        while (_at < template.Length && !Ends(isOutput, open.Count))
        {
            char letter = template[_at];
            if (char.IsWhiteSpace(letter))
            {
                _at++;
            }
            else if (letter is '\'' or '"')
            {
                tokens.Add(ReadString(letter, escaped: false));
            }
            else if (letter == '\\' && _at + 1 < template.Length && template[_at + 1] is '\'' or '"')
            {
                // Pasted from JSON, quotes still escaped.
                tokens.Add(ReadString(template[_at + 1], escaped: true));
            }
            else if (IsWord(letter))
            {
                int begin = _at;
                while (_at < template.Length && IsWord(template[_at]))
                {
                    _at++;
                }

                tokens.Add(new JinjaToken(char.IsAsciiDigit(letter) ? JinjaTokenKind.Number : JinjaTokenKind.Name, begin, _at, template[begin.._at]));
            }
            else
            {
                ReadOperator(tokens, open);
            }
        }

        _blocks.Add(new JinjaBlock(isOutput, start, tokens));
        if (tokens is [var only] && only.Is("raw") && !isOutput)
        {
            int end = template.IndexOf("endraw", _at, StringComparison.Ordinal);
            _at = end < 0 ? template.Length : end;
        }
    }

    /// <summary>Steps over the end of a block when it is here.</summary>
    private bool Ends(bool isOutput, int depth)
    {
        // Two braces end an output only outside of dictionaries; a broken one must not swallow the rest of the template.
        int at = template[_at] is '-' or '+' ? _at + 1 : _at;
        if (at + 1 >= template.Length || template[at + 1] != '}' || template[at] != (isOutput ? '}' : '%') || (isOutput && depth > 0 && at == _at))
        {
            return false;
        }

        _at = at + 2;
        return true;
    }

    private JinjaToken ReadString(char quote, bool escaped)
    {
        int begin = _at;
        int contents = _at += escaped ? 2 : 1;
        while (_at < template.Length)
        {
            if (template[_at] == '\\' && _at + 1 < template.Length)
            {
                if (escaped && template[_at + 1] == quote)
                {
                    _at += 2;
                    return new JinjaToken(JinjaTokenKind.String, begin, _at, template[contents..(_at - 2)]);
                }

                _at += 2;
            }
            else if (template[_at++] == quote)
            {
                return new JinjaToken(JinjaTokenKind.String, begin, _at, template[contents..(_at - 1)]);
            }
        }

        _at = template.Length;
        return new JinjaToken(JinjaTokenKind.String, begin, _at, template[contents..]);
    }

    private void ReadOperator(List<JinjaToken> tokens, Stack<int> open)
    {
        string? longer = Array.Find(s_longOperators, text => string.CompareOrdinal(template, _at, text, 0, text.Length) == 0);
        string text = longer ?? template[_at].ToString();
        int pair = -1;
        if (text is "(" or "[" or "{")
        {
            open.Push(tokens.Count);
        }
        else if (text is ")" or "]" or "}" && open.TryPop(out int opening))
        {
            pair = opening;
            tokens[opening] = tokens[opening] with { Pair = tokens.Count };
        }

        tokens.Add(new JinjaToken(JinjaTokenKind.Operator, _at, _at + text.Length, text, pair));
        _at += text.Length;
    }

    private static bool IsWord(char letter) => char.IsLetterOrDigit(letter) || letter == '_';
}
