using System.Buffers;

namespace LlmOps.Servers;

/// <summary>Names of servers: also the names of their folders, so nothing that a path could misread.</summary>
public static class ServerName
{
    /// <summary>The longest name, in characters.</summary>
    public const int MaximumLength = 64;

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    /// <summary>Whether <paramref name="name"/> may name a server.</summary>
    public static bool IsValid(string? name) =>
        !string.IsNullOrEmpty(name)
        && name.Length <= MaximumLength
        && name is not ("." or "..")
        && !name.AsSpan().ContainsAnyExcept(Allowed);

    /// <summary>Returns <paramref name="name"/>.</summary>
    /// <exception cref="LlmOpsException">It may not name a server; id <c>ServerNameInvalid</c>.</exception>
    public static string Require(string? name) => IsValid(name)
        ? name!
        : throw new LlmOpsException(
            $"'{name}' cannot name a server: use 1 to {MaximumLength} letters, digits, dots, dashes and underscores.", "ServerNameInvalid");
}
