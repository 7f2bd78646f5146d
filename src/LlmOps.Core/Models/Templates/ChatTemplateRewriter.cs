using System.Text;

namespace LlmOps.Models.Templates;

/// <summary>Makes a template treat one more role like one that it knows, by rewriting each place where it uses a role.</summary>
/// <remarks>
/// A test for the known role becomes one for both; where the role itself is printed, looked up or assigned, the new one reads as the known one. All
/// else, blanks and line breaks included, stays as it is.
/// </remarks>
public static class ChatTemplateRewriter
{
    /// <summary>Rewrites a template.</summary>
    /// <param name="template">The template.</param>
    /// <param name="role">The role to allow: <c>developer</c>.</param>
    /// <param name="like">The role to treat it like: <c>system</c>.</param>
    /// <returns>The new text, and how many places changed: none where the template names the role already.</returns>
    /// <exception cref="LlmOpsException"><c>TemplateRoleInvalid</c>, or <c>TemplateWithoutRoles</c>: there is nothing to rewrite.</exception>
    public static (string Text, int Changes) Allow(string template, string role, string like)
    {
        RequireName(role);
        RequireName(like);
        IReadOnlyList<RoleUse> uses = RoleUses.Find(template, JinjaLexer.Read(template));
        if (uses.Count == 0)
        {
            throw new LlmOpsException("the template uses no message's role, so there is nothing to rewrite; is it a chat template?", "TemplateWithoutRoles");
        }

        if (role == like || ChatTemplateRoles.Named(uses).Contains(role))
        {
            return (template, 0);
        }

        StringBuilder text = new();
        int copied = 0;
        int changes = 0;
        foreach (RoleUse use in uses)
        {
            // An expression within one that was rewritten is in its text already.
            if (use.Start >= copied && Rewrite(template, use, role, like) is { } rewritten)
            {
                text.Append(template, copied, use.Start - copied).Append(rewritten);
                copied = use.End;
                changes++;
            }
        }

        return (text.Append(template, copied, template.Length - copied).ToString(), changes);
    }

    private static string? Rewrite(string template, RoleUse use, string role, string like)
    {
        string quote = use.Quote;
        string both = $"[{quote}{like}{quote}, {quote}{role}{quote}]";
        string negation = use.IsNegated ? "not " : "";
        if (use.Kind == RoleUseKind.Read)
        {
            string mark = template.AsSpan(use.Start, use.End - use.Start).Contains("\\\"", StringComparison.Ordinal) ? "\\\"" : "'";
            return $"({mark}{like}{mark} if {use.Subject} == {mark}{role}{mark} else {use.Subject})";
        }

        return !use.Names.Contains(like) ? null : use.Kind switch
        {
            RoleUseKind.Compared when use.IsReversed => $"{use.Subject} {negation}in {both}",
            RoleUseKind.Compared => $"{template[use.Start..use.TestStart]}{negation}in {both}",
            RoleUseKind.Listed when use.IsNamedList => $"{template[use.Start..use.End]} + [{quote}{role}{quote}]",
            RoleUseKind.Listed => $"{template[use.Start..use.TestStart]}, {quote}{role}{quote}{template[use.TestStart..use.End]}",
            RoleUseKind.Selected => $"{quote}in{quote}, {both}",
            RoleUseKind.Sought => $"({quote}{like}{quote} {negation}in {use.Subject} {(use.IsNegated ? "and" : "or")} {quote}{role}{quote} {negation}in {use.Subject})",
            _ => null,
        };
    }

    private static void RequireName(string role)
    {
        if (role.Length is 0 or > 64 || !role.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-'))
        {
            throw new LlmOpsException($"'{role}' cannot be a role: letters, digits, '_' and '-' make one, for example developer", "TemplateRoleInvalid");
        }
    }
}
