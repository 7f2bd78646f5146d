namespace LlmOps.Engines.Install;

/// <summary>What a source needs of the system: a program or a file, and Debian's and Ubuntu's package that has it.</summary>
/// <param name="Name">What is missing, in a word.</param>
/// <param name="Package">The package.</param>
/// <param name="IsThere">Whether it is there.</param>
internal sealed record Prerequisite(string Name, string Package, bool IsThere);

/// <summary>The steps that give a blank machine what a source needs.</summary>
internal static class Prerequisites
{
    /// <summary>The packages that are missing.</summary>
    public static IReadOnlyList<string> Missing(IEnumerable<Prerequisite> needed) => [.. needed.Where(one => !one.IsThere).Select(one => one.Package).Distinct()];

    /// <summary>The steps that install <paramref name="packages"/>; none when there are none.</summary>
    public static IEnumerable<InstallStep> Steps(IReadOnlyList<string> packages)
    {
        if (packages.Count == 0)
        {
            yield break;
        }

        yield return new InstallStep("Refresh the lists of packages", [.. InstallContext.AsRoot, "apt-get", "update"]) { ChangesSystem = true };
        yield return new InstallStep("Install what is needed", [.. InstallContext.AsRoot, "apt-get", "install", "-y", "--no-install-recommends", .. packages])
        {
            ChangesSystem = true,
            Environment = InstallContext.AsRoot.Count == 0 ? new Dictionary<string, string> { ["DEBIAN_FRONTEND"] = "noninteractive" } : new Dictionary<string, string>(),
        };
    }

    /// <summary>Why what is missing cannot be installed; null when it can, or when nothing is missing.</summary>
    public static string? WhyNot(IReadOnlyCollection<Prerequisite> needed, InstallContext context)
    {
        string[] missing = [.. needed.Where(one => !one.IsThere).Select(one => one.Name)];
        return missing.Length == 0 ? null
            : context.Request.SkipPrerequisites ? $"{string.Join(", ", missing)} missing (apt-get install {string.Join(' ', Missing(needed))}), and packages of the system are to be left alone"
            : context.Find("apt-get") is null ? $"{string.Join(", ", missing)} missing, and there is no apt-get to install them"
            : InstallContext.AsRoot.Count > 0 && context.Find("sudo") is null ? $"{string.Join(", ", missing)} missing, and this user is neither root nor has sudo; have an administrator run: apt-get install {string.Join(' ', Missing(needed))}"
            : null;
    }
}
