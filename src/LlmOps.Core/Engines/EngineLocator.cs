using LlmOps.Engines.Vllm;
using LlmOps.Processes;

namespace LlmOps.Engines;

/// <summary>Where engines are looked for.</summary>
public sealed record EngineLocatorOptions
{
    /// <summary>The folders to search, in the form of PATH; null for this process's own.</summary>
    public string? PathVariable { get; init; }

    /// <summary>Only this engine; null for all, and for llama.cpp where one is needed.</summary>
    public string? Engine { get; init; }

    /// <summary>Where environments of Python are looked for; null for this machine.</summary>
    public PythonPlaces? Python { get; init; }

    /// <summary>Ask an engine that tells its version without being started for its help all the same. Takes as long as it takes to start Python.</summary>
    public bool AskForHelp { get; init; }

    /// <summary>Where engines that LlmOps obtained are kept, and what binaries said of themselves.</summary>
    public string CacheFolder { get; init; } = LlmOpsFolders.Cache;

    /// <summary>Where records of engines that were installed are kept.</summary>
    public string StateFolder { get; init; } = LlmOpsFolders.State;
}

/// <summary>Finds engines on this machine and reads what they accept.</summary>
/// <param name="options">Where to look.</param>
public sealed class EngineLocator(EngineLocatorOptions options)
{
    /// <summary>The environment variable that names the llama-server to use before all others.</summary>
    public const string PathVariable = "LLMOPS_LLAMA_SERVER";

    private readonly KnownDevices _devices = new(options);

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
        foreach (IEngine engine in Engines)
        {
            foreach (string candidate in await engine.CandidatesAsync(options, cancellationToken).ConfigureAwait(false))
            {
                engines.Add((await TryReadAsync(engine, candidate, cancellationToken).ConfigureAwait(false)).Engine);
            }
        }

        return engines;
    }

    /// <summary>The engine to use: <paramref name="path"/>, or the best one found.</summary>
    /// <exception cref="LlmOpsException">There is none.</exception>
    public async Task<EngineCapabilities> RequireAsync(string? path, CancellationToken cancellationToken) =>
        await FindBestAsync(path, cancellationToken).ConfigureAwait(false)
        ?? throw new LlmOpsException(Wanted.NotFound(options), "EngineNotFound")
        { Kind = ErrorKind.NotFound };

    /// <summary>The engine to use: <paramref name="path"/>, or the best one found; null when there is none.</summary>
    public async Task<EngineCapabilities?> FindBestAsync(string? path, CancellationToken cancellationToken)
    {
        if (path is not null)
        {
            return await ReadAsync(path, cancellationToken).ConfigureAwait(false);
        }

        // The first one that can run; where none can, the first one, which says what is wrong with it.
        List<(EngineCapabilities Engine, LlmOpsException? Problem)> broken = [];
        foreach (string candidate in await Wanted.CandidatesAsync(options, cancellationToken).ConfigureAwait(false))
        {
            (EngineCapabilities Engine, LlmOpsException? Problem) read = await TryReadAsync(Wanted, candidate, cancellationToken).ConfigureAwait(false);
            if (read.Engine.Problems.Count == 0)
            {
                return read.Engine with { PassedOver = [.. broken.SelectMany(before => before.Engine.Problems)] };
            }

            broken.Add(read);
        }

        return broken is [(_, { } problem), ..] ? throw problem : broken.FirstOrDefault().Engine;
    }

    // One that was found and cannot be read is passed over where another can run; one that was named never is.
    private async Task<(EngineCapabilities Engine, LlmOpsException? Problem)> TryReadAsync(IEngine engine, string candidate, CancellationToken cancellationToken)
    {
        try
        {
            return (await engine.ReadAsync(candidate, options, cancellationToken).ConfigureAwait(false), null);
        }
        catch (LlmOpsException problem) when (Environment.GetEnvironmentVariable(PathVariable) is not { Length: > 0 } named || Path.GetFullPath(named) != candidate)
        {
            return (new EngineCapabilities { Engine = engine.Name, Path = candidate, Problems = [problem.Message] }, problem);
        }
    }

    /// <summary>The devices that the best engine names, where that is known without asking it or reading much; none without an engine; else null.</summary>
    internal IReadOnlyList<EngineDevice>? FindKnownDevices() => _devices.Read();

    /// <summary>Lets <see cref="FindKnownDevices"/> know what the best engine said.</summary>
    internal void RememberDevices(EngineCapabilities best) => _devices.Write(best);

    private IEngine Wanted => KnownEngines.Require(options.Engine ?? KnownEngines.All[0].Name);

    private IReadOnlyList<IEngine> Engines => options.Engine is null ? KnownEngines.All : [Wanted];

    private async Task<EngineCapabilities> ReadAsync(string path, CancellationToken cancellationToken)
    {
        string full = path.Contains(Path.DirectorySeparatorChar) ? Path.GetFullPath(path) : ExecutableFinder.Find(path, options.PathVariable) ?? (options.Engine is null ? null : Wanted.FindProgram(path, options)) ?? Path.GetFullPath(path);
        if (!File.Exists(full) && !Directory.Exists(full))
        {
            throw new LlmOpsException($"the engine {path} does not exist; name its binary, or get it: Install-LlmEngine or 'llmops install'", "EngineNotFound") { Kind = ErrorKind.NotFound };
        }

        // The last one in the list recognises its own by what lies beside it; the first takes any binary and asks it.
        IEngine engine = options.Engine is not null ? Wanted : KnownEngines.All.Last(candidate => candidate.IsProgram(full));
        return await engine.ReadAsync(full, options, cancellationToken).ConfigureAwait(false);
    }
}
