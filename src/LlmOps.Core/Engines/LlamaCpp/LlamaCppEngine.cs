using System.Text.Json;
using LlmOps.Engines.Install;
using LlmOps.Engines.LlamaCpp.Install;
using LlmOps.Models;
using LlmOps.Processes;

namespace LlmOps.Engines.LlamaCpp;

/// <summary>llama.cpp's llama-server.</summary>
internal sealed class LlamaCppEngine : IEngine
{
    /// <inheritdoc/>
    public string Name => Options.Engine;

    /// <inheritdoc/>
    public string Program => "llama-server";

    /// <inheritdoc/>
    public EngineOptionTable Options => LlamaCppOptions.Table;

    /// <inheritdoc/>
    public IReadOnlyList<EngineOption> PathOptions => [LlamaCppOptions.ChatTemplateFile];

    /// <inheritdoc/>
    public string HealthPath => "/health";

    /// <inheritdoc/>
    public string FactsPath => "/props";

    /// <inheritdoc/>
    public string? ApiKeyVariable => null;

    /// <inheritdoc/>
    public IReadOnlyList<string> MemorylessArguments => ["--model", "--alias", "--host", "--port", "--api-key-file"];

    /// <inheritdoc/>
    public IReadOnlyList<string> WrittenFolders => [];

    /// <inheritdoc/>
    public string MetricsPath => "/metrics";

    /// <inheritdoc/>
    public int ImageEntryWords => 0;

    /// <inheritdoc/>
    public string? SharedMemorySize(OptionSet options) => null;

    /// <inheritdoc/>
    public IEngineLog NewLog(IReadOnlyList<string> devices) => new LlamaCppLog();

    /// <inheritdoc/>
    /// <remarks>Source: llama-server's <c>/props</c>: <c>default_generation_settings.n_ctx</c> is the context of one slot.</remarks>
    public ServerFacts ReadFacts(JsonElement answer) => new(
        answer.TryGetProperty("default_generation_settings", out JsonElement settings)
            && settings.TryGetProperty("n_ctx", out JsonElement context) && context.TryGetInt64(out long tokens) ? tokens : null,
        answer.TryGetProperty("total_slots", out JsonElement slots) && slots.TryGetInt32(out int count) ? count : null);

    /// <inheritdoc/>
    public EngineCapabilities? ReadImage(string image) => null;

    /// <inheritdoc/>
    public string NotFound(EngineLocatorOptions options) =>
        $"no llama-server was found on PATH or in {options.CacheFolder}; install llama.cpp, name the binary by {EngineLocator.PathVariable}, or get one without root: Install-LlmEngine or 'llmops install'";

    /// <inheritdoc/>
    public bool Runs(ModelFormat format) => format == ModelFormat.Gguf;

    /// <inheritdoc/>
    public string? FindProgram(string name, EngineLocatorOptions options) => null;

    /// <inheritdoc/>
    public bool IsProgram(string path) => true; // Builds carry many names; what a binary is shows when it is read.

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> CandidatesAsync(EngineLocatorOptions options, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<string>>([.. Candidates(options)]);

    /// <inheritdoc/>
    public async Task<EngineCapabilities> ReadAsync(string path, EngineLocatorOptions options, CancellationToken cancellationToken)
    {
        CapabilityCache cache = new(Path.Combine(options.CacheFolder, "capabilities"));
        if (cache.Read(path) is { } known)
        {
            return known;
        }

        EngineCapabilities read = await CapabilityReader.ReadAsync(path, cancellationToken).ConfigureAwait(false);
        cache.Write(read);
        return read;
    }

    /// <inheritdoc/>
    public LaunchCommand Render(EngineLaunch launch, EngineCapabilities? engine)
    {
        List<string> arguments = ["--model", launch.Model];
        if (launch.Alias is { } alias)
        {
            arguments.AddRange(["--alias", alias]);
        }

        // Always said: the engine's own default port differs between versions.
        arguments.AddRange(["--host", launch.Host, "--port", EngineOption.Format((long)launch.Port)]);
        if (launch.ApiKeyFile is { } keyFile)
        {
            arguments.AddRange(["--api-key-file", keyFile]);
        }

        // Devices are looked up as the arguments are read: those of other machines have to be known by then.
        if (launch.Options[LlamaCppOptions.Rpc.Name] is { } servers)
        {
            arguments.AddRange(LlamaCppOptions.Rpc.Renderer.Render(LlamaCppOptions.Rpc, servers, engine));
        }

        arguments.AddRange(Devices(launch, engine));
        arguments.AddRange(LlamaCppCommandLine.Render(launch.Options, engine));
        arguments.AddRange(Verbosity(launch, engine));
        arguments.AddRange(launch.ExtraArguments);
        return new LaunchCommand(launch.Path ?? engine?.Path ?? Program, arguments, new Dictionary<string, string>(launch.Environment));
    }

    private IEnumerable<string> Candidates(EngineLocatorOptions options)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        string? named = Environment.GetEnvironmentVariable(EngineLocator.PathVariable);
        if (!string.IsNullOrEmpty(named) && seen.Add(Path.GetFullPath(named)))
        {
            yield return Path.GetFullPath(named);
        }

        if (ExecutableFinder.Find(Program, options.PathVariable) is { } onPath && seen.Add(onPath))
        {
            yield return onPath;
        }

        foreach (string program in new EngineInstalls(options.StateFolder).Programs(Name))
        {
            if (seen.Add(program))
            {
                yield return program;
            }
        }

        LlamaCppInstallerOptions earlier = new() { CacheFolder = options.CacheFolder, Sources = [EngineSource.Cache] };
        if (new LlamaCppInstaller(earlier).FindInstalled() is { } obtained && seen.Add(obtained.ServerPath))
        {
            yield return obtained.ServerPath;
        }
    }

    // What was loaded where, which a start is held against, newer builds tell only at the level "trace". It costs a few lines a request.
    private static string[] Verbosity(EngineLaunch launch, EngineCapabilities? engine)
    {
        bool needed = engine?.Find("--verbosity") is { } flag
            && flag.Help.Contains("4: trace", StringComparison.Ordinal)
            && !launch.ExtraArguments.Any(argument => argument.Split('=')[0] is var given && (flag.Names.Contains(given) || given is "-v" or "--verbose" or "--log-verbose"));
        return needed ? ["--verbosity", "4"] : [];
    }

    // CUDA and ROCm devices are selected by UUID in the environment and are then numbered from 0; others by the engine's own flag.
    private static string[] Devices(EngineLaunch launch, EngineCapabilities? engine)
    {
        if (engine is not null && engine.Find("--device") is null)
        {
            return [];
        }

        bool engineHasDevices = engine is null || engine.Devices.Count > 0;
        return launch.Devices.Count > 0 ? ["--device", string.Join(',', launch.Devices)]
            : engine is not null && engineHasDevices ? ["--device", "none"]
            : [];
    }
}
