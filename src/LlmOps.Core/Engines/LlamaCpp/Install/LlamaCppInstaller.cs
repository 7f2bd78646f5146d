using LlmOps.Processes;

namespace LlmOps.Engines.LlamaCpp.Install;

/// <summary>Finds a llama-server on this machine or obtains one, without root and without touching the system.</summary>
/// <param name="options">What may be used.</param>
public sealed class LlamaCppInstaller(LlamaCppInstallerOptions options)
{
    private const string ProgramName = "llama-server";
    private readonly EngineCache _cache = new(options.EngineFolder, options.ExtraDebianPackages);

    /// <summary>The llama-server that is here already: the explicit one, the one on PATH, or an earlier install.</summary>
    /// <returns>Null when there is none. No network is used and no process is started.</returns>
    public InstalledEngine? FindInstalled()
    {
        if (options.ExplicitPath is { } named)
        {
            return ExecutableFinder.IsExecutable(named) ? OnPath(Path.GetFullPath(named)) : null;
        }

        foreach (EngineSource source in options.Sources)
        {
            InstalledEngine? found = source switch
            {
                EngineSource.Path when ExecutableFinder.Find(ProgramName, options.PathVariable) is { } path => OnPath(path),
                EngineSource.Cache => _cache.FindComplete(),
                _ => null,
            };
            if (found is not null)
            {
                return found;
            }
        }

        return null;
    }

    /// <summary>Finds a llama-server as <see cref="FindInstalled"/> does, or obtains one from the first source that can give it.</summary>
    /// <param name="progress">Told in short lines what happens.</param>
    /// <param name="cancellationToken">Stops it; nothing half-made is ever taken for an install.</param>
    /// <remarks>Several processes may call it at once: one installs, the others wait and use its install.</remarks>
    /// <exception cref="EngineInstallException">No source could give one.</exception>
    public async Task<InstalledEngine> ObtainAsync(IProgress<string>? progress, CancellationToken cancellationToken)
    {
        if (FindInstalled() is { } found)
        {
            return found;
        }

        if (options.ExplicitPath is { } named)
        {
            throw new EngineInstallException($"{ProgramName} was asked for at '{named}', which is not an executable file; correct the path or leave it out.")
            {
                Kind = ErrorKind.NotFound,
            };
        }

        try
        {
            using IDisposable held = await _cache.LockAsync(progress, cancellationToken).ConfigureAwait(false);
            return (options.Sources.Contains(EngineSource.Cache) ? _cache.FindComplete() : null)
                ?? await InstallAsync(progress, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new EngineInstallException($"No {ProgramName} can be installed in {options.EngineFolder}: {OneLine(problem.Message)}. Set XDG_CACHE_HOME to a folder that can be written.", problem);
        }
    }

    private async Task<InstalledEngine> InstallAsync(IProgress<string>? progress, CancellationToken cancellationToken)
    {
        List<string> failures = [];
        foreach (EngineSource source in options.Sources)
        {
            try
            {
                IEngineProvider? provider = source switch
                {
                    EngineSource.DebianPackages => new DebianPackageProvider(options),
                    EngineSource.ReleaseArchive => new ReleaseArchiveProvider(options),
                    _ => null,
                };
                if (provider is not null)
                {
                    return await provider.InstallAsync(_cache, progress, cancellationToken).ConfigureAwait(false);
                }

                failures.Add(source is EngineSource.Path ? $"PATH has no {ProgramName}" : $"{options.EngineFolder} holds no complete install");
            }
            catch (Exception problem) when (problem is LlmOpsException or IOException or UnauthorizedAccessException or TimeoutException)
            {
                failures.Add(OneLine(problem.Message));
            }
        }

        throw new EngineInstallException(
            $"No {ProgramName} could be obtained: {string.Join("; ", failures)}. Install llama.cpp and put {ProgramName} on PATH, or name its full path.")
        {
            Kind = ErrorKind.NotFound,
        };
    }

    private static InstalledEngine OnPath(string path) => new(path, EngineSource.Path, Version: null, Path.GetDirectoryName(path)!);

    private static string OneLine(string text) =>
        string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).TrimEnd('.');
}
