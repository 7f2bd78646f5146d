using System.Text.RegularExpressions;

namespace LlmOps.Configuration;

/// <summary>What a server may be called: its name is also a folder's, and an argument of commands.</summary>
internal static partial class ServerNaming
{
    /// <summary>What is wrong with <paramref name="name"/>; null when it may name a server.</summary>
    public static string? Problem(string name) =>
        Allowed().IsMatch(name) ? null : $"'{name}' cannot be a server name; use letters, digits, '.', '-' and '_', at most 64, starting with a letter or digit";

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\z")]
    private static partial Regex Allowed();
}
