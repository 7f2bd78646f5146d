namespace LlmOps.Models.Templates;

/// <summary>What a template does with a message's role in one place.</summary>
internal enum RoleUseKind
{
    /// <summary><c>message.role == 'user'</c>, either way round; <c>!=</c> where negated.</summary>
    Compared,

    /// <summary><c>message.role in ['user', 'tool']</c>; <c>not in</c> where negated.</summary>
    Listed,

    /// <summary><c>messages | selectattr('role', 'equalto', 'user')</c>.</summary>
    Selected,

    /// <summary><c>'user' in roles</c>.</summary>
    Sought,

    /// <summary>The role itself is printed, looked up, assigned, compared with something that is not written there.</summary>
    Read,

    /// <summary>Whether there is one: <c>message.role is defined</c>.</summary>
    Examined,
}

/// <summary>One place where a template uses a role.</summary>
/// <param name="Kind">How.</param>
/// <param name="Block">The block that it is in.</param>
/// <param name="Start">Where in the template the use begins.</param>
/// <param name="End">Where it ends, exclusive.</param>
/// <param name="Names">Roles written there.</param>
/// <param name="IsNegated">Whether it asks for any role but these.</param>
/// <param name="Subject">The expression that is the role, or of <see cref="RoleUseKind.Sought"/> that is searched.</param>
internal sealed record RoleUse(RoleUseKind Kind, JinjaBlock Block, int Start, int End, IReadOnlyList<string> Names, bool IsNegated, string Subject)
{
    /// <summary>Where the words of the test begin, behind the subject: <c>== 'user'</c>, <c>in [</c>; of a list, where its last name ends.</summary>
    public int TestStart { get; init; }

    /// <summary>Whether the name stands before the role: <c>'user' == message.role</c>.</summary>
    public bool IsReversed { get; init; }

    /// <summary>Whether the list is a variable's: <c>message.role in system_roles</c>.</summary>
    public bool IsNamedList { get; init; }

    /// <summary>The mark that the names are quoted with there.</summary>
    public string Quote { get; init; } = "'";
}
