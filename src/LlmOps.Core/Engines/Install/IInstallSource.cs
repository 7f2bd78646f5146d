using LlmOps.Engines.LlamaCpp.Install;

namespace LlmOps.Engines.Install;

/// <summary>One way to install one engine. To add one: implement this and name it in <see cref="InstallSources"/>.</summary>
internal interface IInstallSource
{
    /// <summary>The engine.</summary>
    public string Engine { get; }

    /// <summary>Where it comes from.</summary>
    public InstallSource Source { get; }

    /// <summary>Whether it has the engine for that backend.</summary>
    public bool Has(EngineBackend backend);

    /// <summary>Why it cannot be used here and now, in one clause; null when it can. May ask the network.</summary>
    public Task<string?> WhyNotAsync(InstallContext context, CancellationToken cancellationToken);

    /// <summary>What would be done. Nothing is changed and no network is needed.</summary>
    public Task<EngineInstallPlan> PlanAsync(InstallContext context, CancellationToken cancellationToken);

    /// <summary>Does it.</summary>
    /// <exception cref="EngineInstallException">A step failed; what was half made is gone.</exception>
    public Task<EngineInstall> InstallAsync(EngineInstallPlan plan, InstallContext context, IProgress<string>? progress, CancellationToken cancellationToken);
}
