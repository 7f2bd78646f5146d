namespace LlmOps.Engines.LlamaCpp.Install;

/// <summary>One way to obtain a llama-server over the network.</summary>
internal interface IEngineProvider
{
    /// <summary>Installs into <paramref name="cache"/>, whose lock the caller holds.</summary>
    /// <exception cref="EngineInstallException">It cannot be had this way; the message says why, in one line.</exception>
    public Task<InstalledEngine> InstallAsync(EngineCache cache, IProgress<string>? progress, CancellationToken cancellationToken);
}
