using LlmOps.Engines.LlamaCpp;
using LlmOps.Engines.LlamaCpp.Install;
using LlmOps.Processes;

namespace LlmOps.Engines;

/// <summary>Where engines are looked for.</summary>
public sealed record EngineLocatorOptions
{
    /// <summary>The folders to search, in the form of PATH; null for this process's own.</summary>
    public string? PathVariable { get; init; }

    /// <summary>Where engines that LlmOps obtained are kept, and what binaries said of themselves.</summary>
    public string CacheFolder { get; init; } = LlmOpsFolders.Cache;
}

/// <summary>Finds engines on this machine and reads what they accept.</summary>
/// <param name="options">Where to look.</param>
public sealed class EngineLocator(EngineLocatorOptions options)
{
    /// <summary>The environment variable that names the llama-server to use before all others.</summary>
    public const string PathVariable = "LLMOPS_LLAMA_SERVER";

    private readonly KnownDevices _devices = new(options);
    private readonly CapabilityCache _cache = new(Path.Combine(options.CacheFolder, "capabilities"));

    /// <summary>Every engine found, best first: the one named by <c>LLMOPS_LLAMA_SERVER</c>, on PATH, obtained earlier by LlmOps.</summary>
    /// <param name="path">Only this binary; null to look everywhere.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="LlmOpsException">The binary that was named is not there, does not start, or is not llama-server.</exception>
    public async Task<IReadOnlyList<EngineCapabilities>> FindAsync(string? path, CancellationToken cancellationToken)
    {
        if (path is not null)
        {
            return [await ReadAsync(path, cancellationToken).ConfigureAwait(false)];
        }

        List<EngineCapabilities> engines = [];
        foreach (string candidate in Candidates())
        {
            engines.Add(await ReadAsync(candidate, cancellationToken).ConfigureAwait(false));
        }

        return engines;
    }

    /// <summary>The engine to use: <paramref name="path"/>, or the best one found.</summary>
    /// <exception cref="LlmOpsException">There is none.</exception>
    public async Task<EngineCapabilities> RequireAsync(string? path, CancellationToken cancellationToken) =>
        await FindBestAsync(path, cancellationToken).ConfigureAwait(false)
        ?? throw new LlmOpsException(
            $"no llama-server was found on PATH or in {options.CacheFolder}; install llama.cpp, name the binary by {PathVariable}, or run 'llmops engine --obtain', which gets one without root",
            "EngineNotFound")
        { Kind = ErrorKind.NotFound };

    /// <summary>The engine to use: <paramref name="path"/>, or the best one found; null when there is none.</summary>
    public async Task<EngineCapabilities?> FindBestAsync(string? path, CancellationToken cancellationToken)
    {
        string? chosen = path ?? Candidates().FirstOrDefault();
        return chosen is null ? null : await ReadAsync(chosen, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The devices that the best engine names, where that is known without asking it or reading much; none without an engine; else null.</summary>
    internal IReadOnlyList<EngineDevice>? FindKnownDevices() => _devices.Read();

    /// <summary>Lets <see cref="FindKnownDevices"/> know what the best engine said.</summary>
    internal void RememberDevices(EngineCapabilities best) => _devices.Write(best);

    private IEnumerable<string> Candidates()
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        string? named = Environment.GetEnvironmentVariable(PathVariable);
        if (!string.IsNullOrEmpty(named) && seen.Add(Path.GetFullPath(named)))
        {
            yield return Path.GetFullPath(named);
        }

        if (ExecutableFinder.Find("llama-server", options.PathVariable) is { } onPath && seen.Add(onPath))
        {
            yield return onPath;
        }

        LlamaCppInstallerOptions earlier = new() { CacheFolder = options.CacheFolder, Sources = [EngineSource.Cache] };
        if (new LlamaCppInstaller(earlier).FindInstalled() is { } obtained && seen.Add(obtained.ServerPath))
        {
            yield return obtained.ServerPath;
        }
    }

    private async Task<EngineCapabilities> ReadAsync(string path, CancellationToken cancellationToken)
    {
        string full = path.Contains(Path.DirectorySeparatorChar) ? Path.GetFullPath(path) : ExecutableFinder.Find(path, options.PathVariable) ?? Path.GetFullPath(path);
        if (!File.Exists(full))
        {
            throw new LlmOpsException($"the engine {path} does not exist; name the llama-server binary", "EngineNotFound") { Kind = ErrorKind.NotFound };
        }

        if (_cache.Read(full) is { } known)
        {
            return known;
        }

        EngineCapabilities read = await CapabilityReader.ReadAsync(full, cancellationToken).ConfigureAwait(false);
        _cache.Write(read);
        return read;
    }
}
