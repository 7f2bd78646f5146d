using System.Runtime.InteropServices;

namespace LlmOps.Engines.LlamaCpp.Install;

/// <summary>What <see cref="LlamaCppInstaller"/> may use. The defaults suit a user's machine; tests replace the roots.</summary>
public sealed record LlamaCppInstallerOptions
{
    /// <summary>A llama-server to use and nothing else; null to look for one.</summary>
    public string? ExplicitPath { get; init; }

    /// <summary>The value of PATH to search; null for this process's own.</summary>
    public string? PathVariable { get; init; }

    /// <summary>LlmOps' cache folder; installs go below it, in <c>engines/llama.cpp</c>.</summary>
    public string CacheFolder { get; init; } = LlmOpsFolders.Cache;

    /// <summary>Which sources may be used, in this order.</summary>
    public IReadOnlyList<EngineSource> Sources { get; init; } =
        [EngineSource.Path, EngineSource.Cache, EngineSource.DebianPackages, EngineSource.ReleaseArchive];

    /// <summary>Debian releases that carry llama.cpp, the preferred one first.</summary>
    public IReadOnlyList<string> DebianReleases { get; init; } = ["forky", "sid"];

    /// <summary>Further packages of the same release, such as <c>libggml0-backend-vulkan</c>.</summary>
    public IReadOnlyList<string> ExtraDebianPackages { get; init; } = [];

    /// <summary>The only Debian mirror to use; null for the one in the machine's apt sources, then deb.debian.org.</summary>
    public string? MirrorOverride { get; init; }

    /// <summary>The machine's apt folder: its sources say which mirror is near.</summary>
    public string AptFolder { get; init; } = "/etc/apt";

    /// <summary>Files that may hold Debian's archive keys; the first that exists is trusted, as the machine's own apt trusts it.</summary>
    public IReadOnlyList<string> DebianKeyrings { get; init; } =
        ["/usr/share/keyrings/debian-archive-keyring.gpg", "/usr/share/keyrings/debian-archive-keyring.pgp"];

    /// <summary>The base address of GitHub's REST API.</summary>
    public Uri ReleaseApi { get; init; } = new("https://api.github.com/");

    /// <summary>The build wanted from a release: what follows <c>-bin-</c> in the asset's name, without its extension.</summary>
    public string ReleaseBuild { get; init; } = DefaultReleaseBuild;

    /// <summary>The clock that dates an install.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The only version wanted: <c>0.7.0</c>, <c>b6123</c>; null for the newest.</summary>
    public string? Version { get; init; }

    /// <summary>The folder that holds one folder per install; null for one in <see cref="CacheFolder"/>.</summary>
    public string? InstallFolder { get; init; }

    /// <summary>What an install's folder is called, by its version; null for version, source and extras.</summary>
    internal Func<string, string>? InstallName { get; init; }

    /// <summary>The folder that holds one folder per install.</summary>
    internal string EngineFolder => InstallFolder ?? Path.Combine(Path.GetFullPath(CacheFolder), "engines", "llama.cpp");

    // Only the builds that need no GPU driver: they start everywhere, and a user with a GPU names the build for it.
    private static string DefaultReleaseBuild =>
        OperatingSystem.IsWindows() ? $"win-cpu-{ReleaseArchitecture}"
        : OperatingSystem.IsMacOS() ? $"macos-{ReleaseArchitecture}"
        : $"ubuntu-{ReleaseArchitecture}";

    /// <summary>This machine's processor as releases name it.</summary>
    internal static string ReleaseArchitecture => RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "x64";
}
