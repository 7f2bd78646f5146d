using LlmOps.Engines.Install;

namespace LlmOps.Engines.LlamaCpp.Install;

/// <summary>Installs what a provider fetches: whole, from one folder, and gone again with it.</summary>
internal abstract class ProviderSource : IInstallSource
{
    private const string NewestVersion = "VERSION";

    /// <inheritdoc/>
    public string Engine => LlamaCppOptions.Table.Engine;

    /// <inheritdoc/>
    public abstract InstallSource Source { get; }

    /// <inheritdoc/>
    public abstract bool Has(EngineBackend backend);

    /// <inheritdoc/>
    public abstract Task<string?> WhyNotAsync(InstallContext context, CancellationToken cancellationToken);

    /// <inheritdoc/>
    public Task<EngineInstallPlan> PlanAsync(InstallContext context, CancellationToken cancellationToken)
    {
        string name = NameOf(context, context.Request.Version ?? NewestVersion);
        string folder = Path.Combine(context.Parent, name);
        return Task.FromResult(new EngineInstallPlan
        {
            Engine = Engine,
            Source = Source,
            Backend = context.Backend,
            Version = context.Request.Version,
            Name = name,
            Folder = folder,
            Origin = Origin(context),
            Steps = [.. Steps(context, folder)],
            Reasons = [.. Reasons(context)],
        });
    }

    /// <inheritdoc/>
    public async Task<EngineInstall> InstallAsync(EngineInstallPlan plan, InstallContext context, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        LlamaCppInstallerOptions options = Options(context) with { InstallFolder = context.Parent, InstallName = version => RequireNew(context, NameOf(context, version)), Version = context.Request.Version };
        EngineCache cache = new(context.Parent, options.ExtraDebianPackages);
        using IDisposable held = await cache.LockAsync(progress, cancellationToken).ConfigureAwait(false);
        InstalledEngine engine = await Provider(options).InstallAsync(cache, progress, cancellationToken).ConfigureAwait(false);
        string folder = Path.GetDirectoryName(engine.Folder)!;
        InstallManifest manifest = InstallManifest.Read(folder) ?? throw new EngineInstallException($"{folder} lost its {InstallManifest.FileName} while it was installed");
        return new EngineInstall
        {
            Name = Path.GetFileName(folder),
            Engine = Engine,
            Version = manifest.Version,
            Source = Source,
            Backend = context.Backend,
            Path = engine.ServerPath,
            Folder = folder,
            Origin = manifest.Origin,
            Files = manifest.Files,
            InstalledAt = manifest.InstalledAt,
        };
    }

    /// <summary>What the provider may use.</summary>
    protected abstract LlamaCppInstallerOptions Options(InstallContext context);

    /// <summary>The provider.</summary>
    protected abstract IEngineProvider Provider(LlamaCppInstallerOptions options);

    /// <summary>What it is fetched from.</summary>
    protected abstract string Origin(InstallContext context);

    /// <summary>What the provider does, in order.</summary>
    protected abstract IEnumerable<InstallStep> Steps(InstallContext context, string folder);

    /// <summary>Why this is what the machine gets.</summary>
    protected virtual IEnumerable<string> Reasons(InstallContext context) =>
        context.Backend == EngineBackend.Vulkan ? [$"this machine has GPUs, and {Source} reaches them through Vulkan"] : [];

    // Only here is the newest version known, and nothing has been downloaded yet.
    private static string RequireNew(InstallContext context, string name) =>
        !Directory.Exists(Path.Combine(context.Parent, name)) || context.Request.Force ? name : throw EngineInstaller.Exists(name, Path.Combine(context.Parent, name));

    private string NameOf(InstallContext context, string version) => context.NameOr($"{Path.GetFileName(version)}-{Source.ToString().ToLowerInvariant()}-{context.Backend.ToString().ToLowerInvariant()}");
}
