namespace LlmOps.Models.Templates;

/// <summary>An error that a template raises.</summary>
/// <param name="Message">Its words, quoted.</param>
/// <param name="At">Where in the template it is raised.</param>
internal sealed record Raise(string Message, int At);

/// <summary>Which roles a template refuses by <c>raise_exception</c>, as far as its branches tell.</summary>
/// <param name="Refused">Roles whose own branch raises.</param>
/// <param name="Others">What is raised for roles that no branch names; null when nothing is.</param>
internal sealed record RaiseGuards(IReadOnlyDictionary<string, Raise> Refused, Raise? Others)
{
    public static RaiseGuards Find(IReadOnlyList<JinjaBlock> blocks, IReadOnlyList<RoleUse> uses)
    {
        ILookup<JinjaBlock, RoleUse> byBlock = uses.ToLookup(use => use.Block, ReferenceEqualityComparer.Instance as IEqualityComparer<JinjaBlock>);
        Dictionary<string, Raise> refused = new(StringComparer.Ordinal);
        Raise? others = null;
        Stack<Branch> branches = new();
        for (int i = 0; i < blocks.Count; i++)
        {
            JinjaBlock block = blocks[i];
            switch (block.Statement)
            {
                case "if":
                    branches.Push(new Branch(i, byBlock[block].ToArray(), false, byBlock[block].Any()));
                    break;
                case "elif" when branches.TryPop(out Branch? before):
                    branches.Push(new Branch(i, byBlock[block].ToArray(), false, before.ChainTestsRole || byBlock[block].Any()));
                    break;
                case "else" when branches.TryPop(out Branch? before):
                    branches.Push(new Branch(i, [], true, before.ChainTestsRole));
                    break;
                case "endif":
                    branches.TryPop(out _);
                    break;
                default:
                    // Only what stands first in a branch is raised whatever else the message is.
                    if (branches.TryPeek(out Branch? inside) && inside.Block == i - 1 && RaiseIn(block) is { } raise)
                    {
                        Note(inside, blocks[inside.Block], raise);
                    }

                    break;
            }
        }

        return new RaiseGuards(refused, others);

        void Note(Branch branch, JinjaBlock condition, Raise raise)
        {
            if (branch.IsElse)
            {
                others ??= branch.ChainTestsRole ? raise : null;
                return;
            }

            // With further conditions it depends.
            if (branch.Uses is not [RoleUse use] || condition.Tokens.Any(token => token.Is("and") || token.Is("or") || token.Is("not") && !use.IsNegated))
            {
                return;
            }

            if (use.IsNegated)
            {
                others ??= use.Kind is RoleUseKind.Listed ? raise : null;
                return;
            }

            foreach (string name in use.Kind is RoleUseKind.Compared or RoleUseKind.Listed && !Compares(condition, use) ? use.Names : [])
            {
                refused.TryAdd(name, raise);
            }
        }
    }

    // (message.role == 'user') != (loop.index0 % 2 == 0) asks for more than the role.
    private static bool Compares(JinjaBlock condition, RoleUse use) => condition.Tokens.Any(token => (token.Start < use.Start || token.Start >= use.End) && (token.Is("!=") || token.Is("==")));

    private static Raise? RaiseIn(JinjaBlock block)
    {
        for (int i = 0; i + 1 < block.Tokens.Count; i++)
        {
            if (block.Tokens[i].Is("raise_exception") && block.Tokens[i + 1].Is("("))
            {
                string message = i + 2 < block.Tokens.Count && block.Tokens[i + 2].Kind == JinjaTokenKind.String ? $"'{block.Tokens[i + 2].Text}'" : "an error";
                return new Raise(message, block.Start);
            }
        }

        return null;
    }

    /// <param name="Block">Number of the block that begins it.</param>
    /// <param name="Uses">Roles that its condition looks at.</param>
    /// <param name="IsElse">Whether it is what remains.</param>
    /// <param name="ChainTestsRole">Whether this condition or one before it looks at roles.</param>
    private sealed record Branch(int Block, IReadOnlyList<RoleUse> Uses, bool IsElse, bool ChainTestsRole);
}
