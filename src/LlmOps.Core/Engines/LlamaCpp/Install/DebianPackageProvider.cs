using LlmOps.Processes;

namespace LlmOps.Engines.LlamaCpp.Install;

/// <summary>Obtains llama.cpp as Debian's packages with all their libraries, signed and hash-checked by apt, and unpacks them privately.</summary>
internal sealed class DebianPackageProvider(LlamaCppInstallerOptions options) : IEngineProvider
{
    /// <summary>The packages of the engine itself.</summary>
    public static IReadOnlyList<string> Packages { get; } = ["llama.cpp-tools", "llama.cpp-tools-extra"];

    /// <inheritdoc/>
    public async Task<InstalledEngine> InstallAsync(EngineCache cache, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        DebianPlatform platform = DebianPlatform.Current ?? throw new EngineInstallException("Debian's packages need Linux on x86-64 or ARM64");
        if (ExecutableFinder.Find("apt-get", options.PathVariable) is null || ExecutableFinder.Find("dpkg-deb", options.PathVariable) is null)
        {
            throw new EngineInstallException("Debian's packages need apt-get and dpkg-deb, and PATH lacks them");
        }

        DebianLaunchers.CheckUsable(cache.PathOf(string.Empty));
        List<string> failures = [];
        IReadOnlyList<string> mirrors = DebianMirrors.Choose(AptSources.Read(options.AptFolder), options.MirrorOverride);
        foreach ((string release, string mirror) in options.DebianReleases.SelectMany(release => mirrors.Select(mirror => (release, mirror))))
        {
            try
            {
                return await InstallAsync(cache, new Archive(mirror, release, platform), progress, cancellationToken).ConfigureAwait(false);
            }
            catch (EngineInstallException problem)
            {
                failures.Add($"Debian {release} from {mirror}: {problem.Message}");
            }
        }

        throw new EngineInstallException(string.Join("; ", failures));
    }

    private async Task<InstalledEngine> InstallAsync(EngineCache cache, Archive archive, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        string staging = cache.CreateStaging();
        string staged = Path.Combine(staging, "install");
        string root = Path.Combine(staged, "root");
        progress?.Report($"Resolving packages in Debian {archive.Release}");
        AptWorkspace apt = await OpenAsync(Path.Combine(staging, "apt"), archive, cancellationToken).ConfigureAwait(false);
        string[] wanted = [.. Packages, .. options.ExtraDebianPackages];
        IReadOnlyList<AptDownload> downloads = await apt.PlanAsync(wanted, cancellationToken).ConfigureAwait(false);
        string version = DebianPackage.UpstreamVersion(DebianPackage.VersionOf(
            downloads.FirstOrDefault(file => file.FileName.StartsWith(Packages[0] + "_", StringComparison.Ordinal))?.FileName
            ?? throw new EngineInstallException($"apt resolved no {Packages[0]}")));
        if (options.Version is { } asked && asked != version)
        {
            throw new EngineInstallException($"it has llama.cpp {version}, not {asked}");
        }

        string final = cache.PathOf(options.InstallName?.Invoke(version) ?? NameOf(version, archive.Release));

        progress?.Report($"Downloading {downloads.Count} packages, {Bytes.Format(downloads.Sum(file => file.Size))}");
        await apt.DownloadAsync(wanted, cancellationToken).ConfigureAwait(false);

        progress?.Report($"Unpacking llama.cpp {version}");
        string[] files = [.. Directory.EnumerateFiles(apt.Archives, "*.deb").Order(StringComparer.Ordinal)];
        foreach (string file in files)
        {
            await DebianPackage.UnpackAsync(file, root, cancellationToken).ConfigureAwait(false);
        }

        DebianLaunchers.Write(staged, final, archive.Platform);
        (string server, IReadOnlyList<string> arguments) = DebianLaunchers.Command(staged, "llama-server", archive.Platform);
        await EngineTrial.RunAsync(server, arguments, cancellationToken).ConfigureAwait(false);
        return cache.Commit(staged, new InstallManifest
        {
            Version = version,
            Source = EngineSource.DebianPackages,
            Origin = $"{archive.Mirror} {archive.Release}",
            Folder = final,
            Server = "bin/llama-server",
            Extras = options.ExtraDebianPackages,
            Files = [.. files.Select(file => Uri.UnescapeDataString(Path.GetFileNameWithoutExtension(file)))],
            InstalledAt = options.Time.GetUtcNow(),
        });
    }

    /// <summary>An apt workspace whose index is fetched and verified, with the first keyring that can.</summary>
    private async Task<AptWorkspace> OpenAsync(string folder, Archive archive, CancellationToken cancellationToken)
    {
        AptFailedException? problem = null;
        DebianKeyrings keyrings = new(options, archive.Platform, folder + "-keyrings");
        await foreach (string keyring in keyrings.FindAsync(archive.Mirror, cancellationToken).ConfigureAwait(false))
        {
            try
            {
                AptWorkspace workspace = AptWorkspace.ForRelease(folder, archive.Mirror, archive.Release, keyring, archive.Platform.Architecture);
                await workspace.UpdateAsync(cancellationToken).ConfigureAwait(false);
                return workspace;
            }
            catch (AptFailedException missing) when (missing.KeyMissing)
            {
                problem = missing;
            }
        }

        throw problem ?? new EngineInstallException("this machine has no Debian archive keyring (package debian-archive-keyring)");
    }

    private string NameOf(string version, string release) =>
        string.Join('+', options.ExtraDebianPackages.Select(name => name.Replace("libggml0-backend-", string.Empty, StringComparison.Ordinal)).Prepend($"{version}-debian-{release}"));

    private sealed record Archive(string Mirror, string Release, DebianPlatform Platform);
}
