namespace LlmOps.Models.Templates;

/// <summary>Finds the message roles that a chat template (Jinja) names: the literals that it compares a role with.</summary>
internal static class ChatTemplateRoles
{
    /// <summary>The roles in the order in which the template first names them. A template that compares none takes any.</summary>
    public static IReadOnlyList<string> Find(string template) => Named(RoleUses.Find(template, JinjaLexer.Read(template)));

    /// <summary>The roles that are named in these places.</summary>
    public static IReadOnlyList<string> Named(IReadOnlyList<RoleUse> uses) => [.. uses.SelectMany(use => use.Names).Where(IsRole).Distinct(StringComparer.Ordinal)];

    private static bool IsRole(string name) => name.Length > 0 && char.IsAsciiLetterLower(name[0]) && name.All(letter => char.IsAsciiLetterLower(letter) || letter == '_');
}
