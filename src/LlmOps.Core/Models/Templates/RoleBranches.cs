namespace LlmOps.Models.Templates;

/// <summary>A part of a template that is run for some roles.</summary>
/// <param name="Names">Roles that lead there; empty for what remains when no test before it holds.</param>
/// <param name="Start">Where it begins.</param>
internal sealed record RoleBranch(IReadOnlyList<string> Names, int Start)
{
    /// <summary>Whether all roles lead there that the tests before it do not name.</summary>
    public bool IsForOthers { get; init; }

    /// <summary>Roles that lead to what remains after it, where it is for all but these.</summary>
    public IReadOnlyList<string> Excluded { get; init; } = [];

    /// <summary>Whether something is printed in it.</summary>
    public bool Prints { get; set; }

    /// <summary>Variables that are set in it.</summary>
    public List<string> Sets { get; } = [];
}

/// <summary>What a template runs for which role, as far as its branches tell without running it.</summary>
/// <param name="Named">Branches that roles lead to by their names.</param>
/// <param name="Others">The branch of a chain of role tests that all other roles fall into; null when there is none, or nothing is printed in it.</param>
/// <param name="PrintedVariables">Variables that are printed somewhere.</param>
internal sealed record RoleBranches(IReadOnlyList<RoleBranch> Named, RoleBranch? Others, IReadOnlySet<string> PrintedVariables)
{
    public static RoleBranches Find(string template, IReadOnlyList<JinjaBlock> blocks, IReadOnlyList<RoleUse> uses)
    {
        ILookup<JinjaBlock, RoleUse> byBlock = uses.ToLookup(use => use.Block, ReferenceEqualityComparer.Instance as IEqualityComparer<JinjaBlock>);
        List<RoleBranch> named = [];
        RoleBranch? others = null;
        HashSet<string> printed = new(StringComparer.Ordinal);
        Stack<(RoleBranch Branch, bool ChainTestsRole)> open = new();
        for (int at = 0; at < blocks.Count; at++)
        {
            JinjaBlock block = blocks[at];
            bool tests = byBlock[block].Any();
            switch (block.Statement)
            {
                case "if" or "for":
                    open.Push((Begin(block), tests));
                    break;
                case "elif" when open.TryPop(out (RoleBranch Branch, bool ChainTestsRole) before):
                    Close(before.Branch);
                    open.Push((Begin(block), before.ChainTestsRole || tests));
                    break;
                case "else" when open.TryPop(out (RoleBranch Branch, bool ChainTestsRole) before):
                    RoleBranch rest = new(before.Branch.Excluded, block.Start) { IsForOthers = before.ChainTestsRole && before.Branch.Excluded.Count == 0 };
                    named.Add(rest);
                    open.Push((rest, before.ChainTestsRole));
                    Close(before.Branch);
                    break;
                case "endif" or "endfor" when open.TryPop(out (RoleBranch Branch, bool ChainTestsRole) done):
                    Close(done.Branch);
                    break;
                case "set" when block.Tokens is [_, { Kind: JinjaTokenKind.Name } variable, ..]:
                    foreach ((RoleBranch branch, _) in open)
                    {
                        branch.Sets.Add(variable.Text);
                    }

                    break;
                case null when block.IsOutput && !block.Tokens.Any(token => token.Is("raise_exception")):
                    printed.UnionWith(block.Tokens.Where(token => token.Kind == JinjaTokenKind.Name).Select(token => token.Text));
                    foreach ((RoleBranch branch, _) in open)
                    {
                        branch.Prints = true;
                    }

                    named.AddRange(byBlock[block].Where(LeadsThere).Select(use => new RoleBranch(use.Names, block.Start) { Prints = true }));
                    break;
            }

            if (open.Count > 0 && at + 1 < blocks.Count && HasText(template, block, blocks[at + 1].Start))
            {
                open.Peek().Branch.Prints = true;
            }
        }

        return new RoleBranches(named, others, printed);

        void Close(RoleBranch branch) => others ??= branch is { IsForOthers: true, Prints: true } ? branch : null;

        RoleBranch Begin(JinjaBlock block)
        {
            RoleUse[] tests = [.. byBlock[block]];
            IReadOnlyList<string> excluded = tests is [{ IsNegated: true, Kind: RoleUseKind.Compared or RoleUseKind.Listed } only] && !block.Tokens.Any(token => token.Is("and") || token.Is("or")) ? only.Names : [];
            RoleBranch branch = new([.. tests.Where(LeadsThere).SelectMany(use => use.Names)], block.Start) { IsForOthers = excluded.Count > 0, Excluded = excluded };
            named.Add(branch);
            return branch;
        }
    }

    /// <summary>The branch of <paramref name="role"/> in which something is printed, or something that is printed elsewhere is set; null when there is none.</summary>
    public RoleBranch? Of(string role) =>
        Named.FirstOrDefault(branch => branch.Names.Contains(role) && branch.Prints)
        ?? Named.FirstOrDefault(branch => branch.Names.Contains(role) && branch.Sets.Exists(PrintedVariables.Contains));

    // Words that stand in the template as they are printed.
    private static bool HasText(string template, JinjaBlock block, int end)
    {
        int begin = template.IndexOf(block.IsOutput ? "}}" : "%}", block.Tokens is [.., { } last] ? last.Start : block.Start, StringComparison.Ordinal) + 2;
        return begin >= 2 && begin < end && !template.AsSpan(begin, end - begin).IsWhiteSpace();
    }

    private static bool LeadsThere(RoleUse use) => use is { IsNegated: false, Kind: RoleUseKind.Compared or RoleUseKind.Listed };
}
