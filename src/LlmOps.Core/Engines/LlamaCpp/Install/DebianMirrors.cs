namespace LlmOps.Engines.LlamaCpp.Install;

/// <summary>Chooses where Debian's archive is fetched from: what the machine uses already is near, allowed and often the only one reachable.</summary>
internal static class DebianMirrors
{
    public const string Default = "http://deb.debian.org/debian";

    private static readonly HashSet<string> Suites =
    [
        "buster", "bullseye", "bookworm", "trixie", "forky", "duke", "sid",
        "oldoldstable", "oldstable", "stable", "testing", "unstable",
    ];

    /// <summary>The mirrors to try, in order.</summary>
    /// <param name="sources">The machine's own sources.</param>
    /// <param name="mirrorOverride">The only mirror, when the user named one.</param>
    public static IReadOnlyList<string> Choose(IEnumerable<AptSource> sources, string? mirrorOverride) =>
        mirrorOverride is not null
            ? [mirrorOverride]
            : [.. sources.Where(IsDebianArchive).Select(source => source.Uri.TrimEnd('/')).Append(Default).Distinct(StringComparer.Ordinal)];

    // Other vendors use Debian's suite names too, so the name of the folder must fit. A wrong guess costs one failed try:
    // whatever answers there has to be signed with Debian's keys.
    private static bool IsDebianArchive(AptSource source) =>
        (source.Uri.StartsWith("http://", StringComparison.Ordinal) || source.Uri.StartsWith("https://", StringComparison.Ordinal))
        && source.Uri.TrimEnd('/').Split('/')[^1] is "debian"
        && source.Suites.Any(Suites.Contains)
        && source.Components.Contains("main");
}
