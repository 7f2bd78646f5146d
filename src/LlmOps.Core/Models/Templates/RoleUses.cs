namespace LlmOps.Models.Templates;

/// <summary>Finds every place where a template uses a message's role.</summary>
internal sealed class RoleUses(string template)
{
    // Expressions of strangers: a walk that goes on for ever would make the whole quadratic.
    private const int LongestWalk = 64;

    private readonly List<RoleUse> _uses = [];

    // Lists that the template gave a name: {% set system_roles = ['system', 'developer'] %}.
    private readonly Dictionary<string, IReadOnlyList<string>> _lists = new(StringComparer.Ordinal);

    /// <summary>The uses, in the order of the template.</summary>
    public static IReadOnlyList<RoleUse> Find(string template, IReadOnlyList<JinjaBlock> blocks)
    {
        RoleUses finder = new(template);
        foreach (JinjaBlock block in blocks)
        {
            finder.Find(block);
        }

        return [.. finder._uses.OrderBy(use => use.Start)];
    }

    private void Find(JinjaBlock block)
    {
        IReadOnlyList<JinjaToken> tokens = block.Tokens;
        if (block.Statement == "set" && Is(tokens, 2, "=") && ListAt(tokens, 3) is { } named && named.End == tokens.Count - 1)
        {
            _lists[tokens[1].Text] = named.Names;
        }

        for (int i = 0; i < tokens.Count; i++)
        {
            if (RoleAt(tokens, i) is { } end)
            {
                Classify(block, PrimaryStart(tokens, i), end);
                i = end;
            }
            else if (IsVariable(block, i))
            {
                Classify(block, i, i);
            }
            else if (tokens[i].Kind == JinjaTokenKind.Name && tokens[i].Text is "selectattr" or "rejectattr")
            {
                Select(block, i);
            }
            else if (tokens[i].Kind == JinjaTokenKind.String)
            {
                Seek(block, i);
            }
        }
    }

    /// <summary>A variable of that name, as templates make them: <c>{% set role = message.role %}</c>.</summary>
    private static bool IsVariable(JinjaBlock block, int i) =>
        block.Tokens[i].Is("role") && !Is(block.Tokens, i - 1, ".") && !Is(block.Tokens, i + 1, "=") && !Is(block.Tokens, i + 1, "(") && !(block.Statement == "for" && i == 1);

    /// <summary>The last token of a role that is read: of <c>.role</c>, <c>['role']</c>, <c>.get('role')</c>, where <paramref name="i"/> is the first one.</summary>
    private static int? RoleAt(IReadOnlyList<JinjaToken> tokens, int i)
    {
        if (i == 0 || i + 1 >= tokens.Count || !EndsPrimary(tokens[i - 1]))
        {
            return null;
        }

        if (tokens[i].Is(".") && tokens[i + 1].Is("role"))
        {
            return Is(tokens, i + 2, "(") ? null : i + 1;
        }

        if (tokens[i].Is("[") && tokens[i + 1].IsString("role") && tokens[i].Pair == i + 2)
        {
            return i + 2;
        }

        return tokens[i].Is(".") && tokens[i + 1].Is("get") && i + 3 < tokens.Count && tokens[i + 2].Is("(") && tokens[i + 3].IsString("role") && tokens[i + 2].Pair > 0
            ? tokens[i + 2].Pair
            : null;
    }

    private static bool EndsPrimary(JinjaToken token) =>
        token.Is(")") || token.Is("]") || (token.Kind == JinjaTokenKind.Name && token.Text is not ("in" or "not" or "and" or "or" or "if" or "else" or "elif" or "is" or "set" or "for"));

    /// <summary>The first token of the expression whose suffix <paramref name="i"/> begins: of <c>messages[0]</c> in <c>messages[0].role</c>.</summary>
    private static int PrimaryStart(IReadOnlyList<JinjaToken> tokens, int i)
    {
        int at = i - 1;
        for (int steps = 0; steps < LongestWalk; steps++)
        {
            if ((tokens[at].Is(")") || tokens[at].Is("]")) && tokens[at].Pair >= 0)
            {
                at = tokens[at].Pair;
                if (at == 0 || !EndsPrimary(tokens[at - 1]))
                {
                    return at;
                }

                at--;
            }
            else if (at >= 2 && tokens[at - 1].Is("."))
            {
                at -= 2;
            }
            else
            {
                return at;
            }
        }

        return at;
    }

    private void Classify(JinjaBlock block, int first, int last)
    {
        IReadOnlyList<JinjaToken> tokens = block.Tokens;
        string subject = template[tokens[first].Start..tokens[last].End];
        if (block.Statement == "set" && first == 1 && Is(tokens, last + 1, "="))
        {
            return;
        }

        (int from, int after) = Widen(tokens, first, last);
        bool negated = Is(tokens, after, "not") && Is(tokens, after + 1, "in");
        int word = negated ? after + 1 : after;
        if ((Is(tokens, after, "==") || Is(tokens, after, "!=")) && LiteralAt(tokens, after + 1) is { } right)
        {
            Add(RoleUseKind.Compared, tokens[first].Start, right.End, [right.Text], tokens[after].Text == "!=", tokens[after].Start, QuoteOf(right));
        }
        else if (from >= 2 && (tokens[from - 1].Is("==") || tokens[from - 1].Is("!=")) && LiteralAt(tokens, from - 2) is { } left && !IsJoin(tokens, from - 3))
        {
            _uses.Add(new RoleUse(RoleUseKind.Compared, block, left.Start, tokens[last].End, [left.Text], tokens[from - 1].Text == "!=", subject) { IsReversed = true, Quote = QuoteOf(left) });
        }
        else if (Is(tokens, word, "in") && ListAt(tokens, word + 1) is { } listed)
        {
            Add(RoleUseKind.Listed, tokens[first].Start, tokens[listed.End].End, listed.Names, negated, listed.LastName, listed.Quote);
        }
        else if (Is(tokens, word, "in") && word + 1 < tokens.Count && _lists.TryGetValue(tokens[word + 1].Text, out IReadOnlyList<string>? names) && !IsJoin(tokens, word + 2))
        {
            _uses.Add(new RoleUse(RoleUseKind.Listed, block, tokens[first].Start, tokens[word + 1].End, names, negated, subject) { TestStart = tokens[word + 1].End, IsNamedList = true });
        }
        else if (Is(tokens, after, "is"))
        {
            Examine(block, first, last, after);
        }
        else if (first != last)
        {
            // A variable holds what it was given, and that place is in the template too.
            Add(RoleUseKind.Read, tokens[first].Start, tokens[last].End, [], false, 0, "'");
        }

        void Add(RoleUseKind kind, int start, int end, IReadOnlyList<string> names, bool isNegated, int testStart, string quote) =>
            _uses.Add(new RoleUse(kind, block, start, end, names, isNegated, subject) { TestStart = testStart, Quote = quote });
    }

    /// <summary>What stands around a role that is bracketed or filtered before it is tested.</summary>
    private static (int From, int After) Widen(IReadOnlyList<JinjaToken> tokens, int first, int last)
    {
        int from = first;
        int after = last + 1;
        for (int steps = 0; steps < LongestWalk; steps++)
        {
            if (Is(tokens, after, "|") && after + 1 < tokens.Count && tokens[after + 1].Kind == JinjaTokenKind.Name)
            {
                after = Is(tokens, after + 2, "(") && tokens[after + 2].Pair > 0 ? tokens[after + 2].Pair + 1 : after + 2;
            }
            else if (from > 0 && tokens[from - 1].Is("(") && tokens[from - 1].Pair == after && (from < 2 || !EndsPrimary(tokens[from - 2])))
            {
                from--;
                after++;
            }
            else
            {
                break;
            }
        }

        return (from, after);
    }

    /// <summary><c>message.role is equalto 'user'</c>, <c>is in ['user']</c>, <c>is defined</c>.</summary>
    private void Examine(JinjaBlock block, int first, int last, int isAt)
    {
        IReadOnlyList<JinjaToken> tokens = block.Tokens;
        string subject = template[tokens[first].Start..tokens[last].End];
        bool negated = Is(tokens, isAt + 1, "not");
        int word = negated ? isAt + 2 : isAt + 1;
        bool equal = Is(tokens, word, "equalto") || Is(tokens, word, "eq") || Is(tokens, word, "sameas");
        int argument = Is(tokens, word + 1, "(") ? word + 2 : word + 1;
        if (equal && argument < tokens.Count && tokens[argument].Kind == JinjaTokenKind.String)
        {
            int end = argument == word + 2 && Is(tokens, argument + 1, ")") ? tokens[argument + 1].End : tokens[argument].End;
            _uses.Add(new RoleUse(RoleUseKind.Compared, block, tokens[first].Start, end, [tokens[argument].Text], negated, subject)
            {
                TestStart = tokens[isAt].Start,
                Quote = QuoteOf(tokens[argument]),
            });
        }
        else if (Is(tokens, word, "in") && (ListAt(tokens, word + 1) ?? ListAt(tokens, word + 2)) is { } listed)
        {
            _uses.Add(new RoleUse(RoleUseKind.Listed, block, tokens[first].Start, tokens[listed.End].End, listed.Names, negated, subject) { TestStart = listed.LastName, Quote = listed.Quote });
        }
        else
        {
            _uses.Add(new RoleUse(RoleUseKind.Examined, block, tokens[first].Start, tokens[last].End, [], false, subject));
        }
    }

    /// <summary><c>selectattr('role', 'equalto', 'user')</c> and <c>rejectattr</c>.</summary>
    private void Select(JinjaBlock block, int at)
    {
        IReadOnlyList<JinjaToken> tokens = block.Tokens;
        if (Is(tokens, at + 1, "(") && at + 7 < tokens.Count && tokens[at + 2].IsString("role") && tokens[at + 3].Is(",")
            && tokens[at + 4] is { Kind: JinjaTokenKind.String, Text: "equalto" or "eq" or "==" } && tokens[at + 5].Is(",")
            && tokens[at + 6] is { Kind: JinjaTokenKind.String } name && tokens[at + 1].Pair == at + 7)
        {
            _uses.Add(new RoleUse(RoleUseKind.Selected, block, tokens[at + 4].Start, name.End, [name.Text], tokens[at].Text == "rejectattr", "role") { Quote = QuoteOf(name) });
        }
    }

    /// <summary><c>'user' in roles</c>, where the roles were collected before.</summary>
    private void Seek(JinjaBlock block, int at)
    {
        IReadOnlyList<JinjaToken> tokens = block.Tokens;
        bool negated = Is(tokens, at + 1, "not");
        int list = negated ? at + 3 : at + 2;
        if (!Is(tokens, list - 1, "in") || list >= tokens.Count || tokens[list].Kind != JinjaTokenKind.Name || !tokens[list].Text.Contains("role", StringComparison.OrdinalIgnoreCase)
            || Is(tokens, list + 1, ".") || Is(tokens, list + 1, "[") || Is(tokens, list + 1, "("))
        {
            return;
        }

        _uses.Add(new RoleUse(RoleUseKind.Sought, block, tokens[at].Start, tokens[list].End, [tokens[at].Text], negated, tokens[list].Text) { Quote = QuoteOf(tokens[at]) });
    }

    private static JinjaToken? LiteralAt(IReadOnlyList<JinjaToken> tokens, int at) =>
        at >= 0 && at < tokens.Count && tokens[at].Kind == JinjaTokenKind.String && !IsJoin(tokens, at + 1) && !Is(tokens, at + 1, "|") ? tokens[at] : null;

    // A string that is but a part: 'a' ~ x, 'a' + x, 'a'.upper(), 'a'[0].
    private static bool IsJoin(IReadOnlyList<JinjaToken> tokens, int at) => Is(tokens, at, "+") || Is(tokens, at, "~") || Is(tokens, at, ".") || Is(tokens, at, "[");

    /// <summary>A list or tuple with strings in it.</summary>
    private static (int End, IReadOnlyList<string> Names, int LastName, string Quote)? ListAt(IReadOnlyList<JinjaToken> tokens, int at)
    {
        if (!(Is(tokens, at, "[") || Is(tokens, at, "(")))
        {
            return null;
        }

        int end = tokens[at].Pair >= 0 ? tokens[at].Pair : tokens.Count - 1;
        List<string> names = [];
        JinjaToken last = default;
        for (int i = at + 1; i <= end; i++)
        {
            if (tokens[i].Kind == JinjaTokenKind.String)
            {
                names.Add(tokens[i].Text);
                last = tokens[i];
            }
        }

        return names.Count > 0 ? (end, names, last.End, QuoteOf(last)) : null;
    }

    private static bool Is(IReadOnlyList<JinjaToken> tokens, int at, string text) => at >= 0 && at < tokens.Count && tokens[at].Is(text);

    private static string QuoteOf(JinjaToken text) => text.End - text.Start - text.Text.Length == 4 ? "\\\"" : "'";
}
