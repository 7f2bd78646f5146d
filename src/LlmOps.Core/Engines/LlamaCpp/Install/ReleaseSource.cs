using LlmOps.Engines.Install;

namespace LlmOps.Engines.LlamaCpp.Install;

/// <summary>The archive of llama.cpp's release on GitHub.</summary>
internal sealed class ReleaseSource : ProviderSource
{
    /// <inheritdoc/>
    public override InstallSource Source => InstallSource.Release;

    /// <inheritdoc/>
    /// <remarks>For Linux there is no archive for CUDA, and the one for ROCm is named by ROCm's version.</remarks>
    public override bool Has(EngineBackend backend) => backend is EngineBackend.Cpu or EngineBackend.Vulkan;

    /// <inheritdoc/>
    public override Task<string?> WhyNotAsync(InstallContext context, CancellationToken cancellationToken) =>
        Reach.WhyNotAsync(ReleaseArchiveProvider.AddressOf(Options(context)), cancellationToken);

    /// <inheritdoc/>
    protected override LlamaCppInstallerOptions Options(InstallContext context)
    {
        LlamaCppInstallerOptions options = new() { PathVariable = context.Request.PathVariable };
        string system = OperatingSystem.IsWindows() ? "win" : "ubuntu";
        return options with
        {
            ReleaseApi = context.Request.ReleaseApi ?? options.ReleaseApi,
            ReleaseBuild = context.Backend == EngineBackend.Vulkan && !OperatingSystem.IsMacOS() ? $"{system}-vulkan-{LlamaCppInstallerOptions.ReleaseArchitecture}" : options.ReleaseBuild,
        };
    }

    /// <inheritdoc/>
    protected override IEngineProvider Provider(LlamaCppInstallerOptions options) => new ReleaseArchiveProvider(options);

    /// <inheritdoc/>
    protected override string Origin(InstallContext context) => Address(context).AbsoluteUri;

    /// <inheritdoc/>
    protected override IEnumerable<InstallStep> Steps(InstallContext context, string folder)
    {
        yield return new InstallStep($"Look up the release: GET {Address(context)}");
        yield return new InstallStep($"Download its archive *-bin-{Options(context).ReleaseBuild} and check its sha256 against the one that the release publishes");
        yield return new InstallStep($"Unpack it into {Path.Combine(folder, "root")} and link its programs from {Path.Combine(folder, "bin")}");
        yield return new InstallStep("Start it once", [Path.Combine(folder, "bin", "llama-server"), "--version"]);
    }

    private Uri Address(InstallContext context) => ReleaseArchiveProvider.AddressOf(Options(context) with { Version = context.Request.Version });
}
