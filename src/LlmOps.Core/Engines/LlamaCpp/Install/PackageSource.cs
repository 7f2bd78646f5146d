using LlmOps.Engines.Install;
using LlmOps.Hardware;

namespace LlmOps.Engines.LlamaCpp.Install;

/// <summary>Debian's packages of llama.cpp, on Debian, Ubuntu and whatever else has apt, unpacked privately.</summary>
internal sealed class PackageSource : ProviderSource
{
    /// <inheritdoc/>
    public override InstallSource Source => InstallSource.Package;

    /// <inheritdoc/>
    public override bool Has(EngineBackend backend) => backend is EngineBackend.Cpu or EngineBackend.Vulkan or EngineBackend.Rocm;

    /// <inheritdoc/>
    public override async Task<string?> WhyNotAsync(InstallContext context, CancellationToken cancellationToken)
    {
        if (DebianPlatform.Current is null)
        {
            return "Debian's packages need Linux on x86-64 or ARM64";
        }

        if (context.Find("apt-get") is null || context.Find("dpkg-deb") is null)
        {
            return "Debian's packages need apt-get and dpkg-deb, and PATH lacks them";
        }

        List<string> reasons = [];
        LlamaCppInstallerOptions options = Options(context);
        foreach (string mirror in Mirrors(options))
        {
            if (await Reach.WhyNotAsync(new Uri($"{mirror}/dists/{options.DebianReleases[0]}/InRelease"), cancellationToken).ConfigureAwait(false) is not { } reason)
            {
                return null;
            }

            reasons.Add(reason);
        }

        return string.Join("; ", reasons);
    }

    /// <inheritdoc/>
    protected override LlamaCppInstallerOptions Options(InstallContext context) => new()
    {
        PathVariable = context.Request.PathVariable,
        ExtraDebianPackages = [.. Extras(context)],
    };

    /// <inheritdoc/>
    protected override IEngineProvider Provider(LlamaCppInstallerOptions options) => new DebianPackageProvider(options);

    /// <inheritdoc/>
    protected override string Origin(InstallContext context) => Options(context) is var options ? $"{Mirrors(options)[0]} {string.Join(" or ", options.DebianReleases)}" : string.Empty;

    /// <inheritdoc/>
    protected override IEnumerable<InstallStep> Steps(InstallContext context, string folder)
    {
        string[] packages = [.. DebianPackageProvider.Packages, .. Extras(context)];
        string[] apt = ["apt-get", "-c", Path.Combine(Path.GetDirectoryName(folder)!, ".staging", "apt", "apt.conf")];
        yield return new InstallStep("Write an apt.conf with lists, cache and status of its own, which believes Debian's keys alone");
        yield return new InstallStep("Fetch the index and check its signature", [.. apt, "update", "-q"]);
        yield return new InstallStep("Fetch the packages and what they need, each checked against the index", [.. apt, "install", "--download-only", "-q", "-y", "--no-install-recommends", .. packages]);
        yield return new InstallStep("Unpack each, without its scripts", ["dpkg-deb", "--extract", "PACKAGE.deb", Path.Combine(folder, "root")]);
        yield return new InstallStep($"Write a starter for each program into {Path.Combine(folder, "bin")}, which runs it with the libraries of its own release");
        yield return new InstallStep("Start it once", [Path.Combine(folder, "bin", "llama-server"), "--version"]);
    }

    private static IReadOnlyList<string> Mirrors(LlamaCppInstallerOptions options) => DebianMirrors.Choose(AptSources.Read(options.AptFolder), options.MirrorOverride);

    // NVIDIA's driver brings its own Vulkan driver; for others Debian's is the one that is sure to fit.
    private static IEnumerable<string> Extras(InstallContext context) => context.Backend switch
    {
        EngineBackend.Vulkan when context.Topology.Gpus.Any(gpu => gpu.Vendor == GpuVendor.Nvidia) => ["libggml0-backend-vulkan"],
        EngineBackend.Vulkan => ["libggml0-backend-vulkan", "mesa-vulkan-drivers"],
        EngineBackend.Rocm => ["libggml0-backend-hip"],
        _ => [],
    };
}
