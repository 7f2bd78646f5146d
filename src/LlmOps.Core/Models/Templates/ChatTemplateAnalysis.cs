namespace LlmOps.Models.Templates;

/// <summary>Tells from a template's text what it does with each role, without running it.</summary>
public static class ChatTemplateAnalysis
{
    private static readonly string[] s_usualRoles = ["system", "developer", "user", "assistant", "tool"];

    /// <summary>One finding for each role: the usual ones and those that the template names.</summary>
    public static IReadOnlyList<ChatTemplateFinding> Read(string template)
    {
        IReadOnlyList<JinjaBlock> blocks = JinjaLexer.Read(template);
        IReadOnlyList<RoleUse> uses = RoleUses.Find(template, blocks);
        IReadOnlyList<string> named = ChatTemplateRoles.Named(uses);
        RaiseGuards guards = RaiseGuards.Find(blocks, uses);
        List<ChatTemplateFinding> findings = [];
        foreach (string role in s_usualRoles.Concat(named).Distinct(StringComparer.Ordinal))
        {
            findings.Add(Describe(template, role, uses, named, guards));
        }

        return findings;
    }

    private static ChatTemplateFinding Describe(string template, string role, IReadOnlyList<RoleUse> uses, IReadOnlyList<string> named, RaiseGuards guards)
    {
        if (guards.Refused.TryGetValue(role, out Raise? refusal))
        {
            return At(TemplateRoleStatus.Refused, $"the template raises {refusal.Message}", refusal.At);
        }

        if (named.Contains(role))
        {
            RoleUse first = uses.First(use => use.Names.Contains(role));
            return At(TemplateRoleStatus.Accepted, "the template names it", first.Start);
        }

        if (guards.Others is { } others)
        {
            return At(TemplateRoleStatus.Refused, $"roles that the template does not name raise {others.Message}", others.At);
        }

        if (uses.FirstOrDefault(use => use is { Kind: RoleUseKind.Read, Block.IsOutput: true }) is { } printed)
        {
            return At(TemplateRoleStatus.PassedThrough, "the role is printed as it is, whatever it is", printed.Start);
        }

        return uses.Count == 0
            ? new ChatTemplateFinding(role, TemplateRoleStatus.Unknown, "the template tests no roles; test it on a running server")
            : uses.Any(use => use.Kind == RoleUseKind.Read)
                ? new ChatTemplateFinding(role, TemplateRoleStatus.Unknown, "the template does not name it, but looks at roles in a way that reading does not tell; test it on a running server")
                : new ChatTemplateFinding(role, TemplateRoleStatus.Ignored, "the template has no branch for it") { Remedy = RemedyFor(role, TemplateRoleStatus.Ignored) };

        ChatTemplateFinding At(TemplateRoleStatus status, string message, int at) => new(role, status, message)
        {
            Line = 1 + template.AsSpan(0, at).Count('\n'),
            Remedy = RemedyFor(role, status),
        };
    }

    /// <summary>What to do about a role that is refused, ignored or not known to the model; null otherwise.</summary>
    internal static string? RemedyFor(string role, TemplateRoleStatus status) => status is TemplateRoleStatus.Accepted or TemplateRoleStatus.Unknown ? null
        : role == "developer" ? "New-LlmChatTemplate -AllowRole developer (llmops template MODEL --allow-role developer) makes a template that treats it like system"
        : status == TemplateRoleStatus.PassedThrough ? null
        : role == "system" ? "put instructions into the first user message, or allow the role like user: New-LlmChatTemplate -AllowRole system -Like user"
        : null;
}
