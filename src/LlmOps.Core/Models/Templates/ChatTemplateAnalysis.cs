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
        RoleBranches branches = RoleBranches.Find(template, blocks, uses);
        List<ChatTemplateFinding> findings = [];
        foreach (string role in s_usualRoles.Concat(named).Distinct(StringComparer.Ordinal))
        {
            findings.Add(Describe(template, role, uses, named, guards, branches));
        }

        return findings;
    }

    private static ChatTemplateFinding Describe(string template, string role, IReadOnlyList<RoleUse> uses, IReadOnlyList<string> named, RaiseGuards guards, RoleBranches branches)
    {
        RoleUse? printed = uses.FirstOrDefault(use => use is { Kind: RoleUseKind.Read, Block.IsOutput: true });
        if (guards.Refused.TryGetValue(role, out Raise? refusal))
        {
            return At(TemplateRoleStatus.Refused, $"the template raises {refusal.Message}", refusal.At);
        }

        if (branches.Of(role) is { } own)
        {
            return At(TemplateRoleStatus.Accepted, own.Prints ? "the template has a branch for it, which prints" : $"the template has a branch for it, which keeps it as {string.Join(", ", own.Sets.Where(branches.PrintedVariables.Contains).Distinct())} to be printed", own.Start);
        }

        if (named.Contains(role))
        {
            RoleUse first = uses.First(use => use.Names.Contains(role));
            return printed is not null ? At(TemplateRoleStatus.Accepted, "the template names it, and prints the role as it is", printed.Start)
                : branches.Others is { } rest && !uses.Any(use => use is { IsNegated: false, Kind: RoleUseKind.Compared or RoleUseKind.Listed } && use.Names.Contains(role))
                    ? At(TemplateRoleStatus.Else, "it falls into the branch for all roles that have none of their own, which prints", rest.Start)
                : At(TemplateRoleStatus.Unknown, "the template names it in a test, but reading does not tell what becomes of it; test it on a running server", first.Start);
        }

        if (guards.Others is { } others)
        {
            return At(TemplateRoleStatus.Refused, $"roles that the template does not name raise {others.Message}", others.At);
        }

        if (printed is not null)
        {
            return At(TemplateRoleStatus.PassedThrough, "the role is printed as it is, whatever it is", printed.Start);
        }

        if (branches.Others is { } otherwise)
        {
            return At(TemplateRoleStatus.Else, "it falls into the branch for all roles that have none of their own, which prints", otherwise.Start);
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
    internal static string? RemedyFor(string role, TemplateRoleStatus status) => status is TemplateRoleStatus.Accepted or TemplateRoleStatus.Else or TemplateRoleStatus.Unknown ? null
        : role == "developer" ? "New-LlmChatTemplate -AllowRole developer (llmops template MODEL --allow-role developer) makes a template that treats it like system"
        : status == TemplateRoleStatus.PassedThrough ? null
        : role == "system" ? "put instructions into the first user message, or allow the role like user: New-LlmChatTemplate -AllowRole system -Like user"
        : null;
}
