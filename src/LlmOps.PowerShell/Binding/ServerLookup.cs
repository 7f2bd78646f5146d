using System.Management.Automation;
using LlmOps.Servers;

namespace LlmOps.Binding;

/// <summary>Finds servers as PowerShell users name them.</summary>
internal static class ServerLookup
{
    /// <summary>The servers that a name or a pattern means. A pattern may match none; a plain name must exist.</summary>
    /// <exception cref="LlmOpsException"><c>ServerNotFound</c>, or <c>ServerNameInvalid</c>.</exception>
    public static IReadOnlyList<LlmServer> Select(this ServerRegistry registry, string name)
    {
        if (!WildcardPattern.ContainsWildcardCharacters(name))
        {
            return [registry.Require(name)];
        }

        // PowerShell's wildcards know more than the registry's: [a-f], [!x].
        WildcardPattern pattern = new(name, WildcardOptions.IgnoreCase | WildcardOptions.CultureInvariant);
        return [.. registry.List().Where(server => pattern.IsMatch(server.Name))];
    }
}
