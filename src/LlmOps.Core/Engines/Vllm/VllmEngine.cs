using System.Text.Json;
using LlmOps.Engines.Vllm.Reading;
using LlmOps.Engines.Install;
using LlmOps.Models;

namespace LlmOps.Engines.Vllm;

/// <summary>vLLM: <c>vllm serve</c>, or the launcher of a plugin that takes its place.</summary>
internal sealed class VllmEngine : IEngine
{
    /// <inheritdoc/>
    public string Name => Options.Engine;

    /// <inheritdoc/>
    public string Program => "vllm";

    /// <inheritdoc/>
    public EngineOptionTable Options => VllmOptions.Table;

    /// <inheritdoc/>
    public IReadOnlyList<EngineOption> PathOptions => [VllmOptions.ChatTemplateFile];

    /// <inheritdoc/>
    public string HealthPath => "/health";

    /// <inheritdoc/>
    public string FactsPath => "/v1/models";

    /// <inheritdoc/>
    /// <remarks>Source: vLLM <c>vllm/envs.py</c>. One key only; <c>--api-key</c>, which takes several, is seen by everybody.</remarks>
    public string? ApiKeyVariable => "VLLM_API_KEY";

    /// <inheritdoc/>
    public IReadOnlyList<string> MemorylessArguments => ["serve", "--served-model-name", "--host", "--port"];

    /// <inheritdoc/>
    public IReadOnlyList<string> WrittenFolders => [".cache", ".triton", ".config/vllm"];

    /// <inheritdoc/>
    public string MetricsPath => "/metrics";

    /// <inheritdoc/>
    public int ImageEntryWords => 1; // vllm serve

    /// <inheritdoc/>
    /// <remarks>Ranks talk through <c>/dev/shm</c>, of which docker gives 64 MiB. vLLM's documentation shows 10 GiB; it is a limit, not a reservation.</remarks>
    public string? SharedMemorySize(OptionSet options) =>
        Math.Max(options.Get(VllmOptions.TensorParallel), options.Get(VllmOptions.PipelineParallel)) > 1 ? "16g" : null;

    /// <inheritdoc/>
    public IEngineLog NewLog(IReadOnlyList<string> devices) => new VllmLog(devices);

    /// <inheritdoc/>
    /// <remarks>Source: vLLM's <c>/v1/models</c>; the first entry is the model itself, adapters follow without a length.</remarks>
    public ServerFacts ReadFacts(JsonElement answer) =>
        answer.TryGetProperty("data", out JsonElement models) && models.ValueKind == JsonValueKind.Array && models.GetArrayLength() > 0
            && models[0].TryGetProperty("max_model_len", out JsonElement length) && length.TryGetInt64(out long tokens)
            ? new ServerFacts(tokens, null)
            : ServerFacts.None;

    /// <inheritdoc/>
    public EngineCapabilities? ReadImage(string image) => image.Contains("vllm", StringComparison.OrdinalIgnoreCase) ? VllmImages.Read(image) : null;

    /// <inheritdoc/>
    public string NotFound(EngineLocatorOptions options) =>
        "no vLLM was found: not in the active environment, in conda, venv or uv environments of this user, in the system's Python, nor on PATH; install it ('llmops install --engine vllm', or python -m pip install vllm), or name its program, such as ~/miniconda3/envs/NAME/bin/vllm";

    /// <inheritdoc/>
    public bool Runs(ModelFormat format) => format == ModelFormat.Safetensors;

    /// <inheritdoc/>
    /// <remarks>A plan for another machine names a plugin's launcher; here it lies in the environment that the plugin is installed in.</remarks>
    public string? FindProgram(string name, EngineLocatorOptions options) =>
        new PythonEnvironments(options.Python ?? PythonPlaces.OfThisMachine(), options.PathVariable).Folders().Select(folder => EnvironmentReader.Script(folder, name)).FirstOrDefault(File.Exists);

    /// <inheritdoc/>
    public bool IsProgram(string path) => Path.GetFileName(path) == Program || VllmLaunchers.OfPlugin(path) is not null || EnvironmentReader.HasVllm(path);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> CandidatesAsync(EngineLocatorOptions options, CancellationToken cancellationToken)
    {
        PythonEnvironments environments = new(options.Python ?? PythonPlaces.OfThisMachine(), options.PathVariable);
        List<string> found = [.. environments.Folders().Where(EnvironmentReader.HasVllm).Select(folder => EnvironmentReader.Script(folder, Program) is var script && File.Exists(script) ? script : folder)];
        if (Processes.ExecutableFinder.Find(Program, options.PathVariable) is { } onPath && !found.Contains(onPath) && PythonEnvironments.OfScript(onPath) is null)
        {
            found.Insert(0, onPath); // A wrapper of somebody's own: what is in it only it can tell.
        }

        // Before what the system has, after what is active: somebody asked for it by name.
        PythonPlaces places = options.Python ?? PythonPlaces.OfThisMachine();
        int active = found.TakeWhile(path => places.VirtualEnvironment is { } venv && path.StartsWith(venv, StringComparison.Ordinal) || places.CondaPrefix is { } conda && path.StartsWith(conda, StringComparison.Ordinal)).Count();
        found.InsertRange(active, new EngineInstalls(options.StateFolder).Programs(Name).Where(program => !found.Contains(program)));
        return [.. found, .. await VllmImages.FindAsync(options.PathVariable, cancellationToken).ConfigureAwait(false)];
    }

    /// <inheritdoc/>
    public async Task<EngineCapabilities> ReadAsync(string path, EngineLocatorOptions options, CancellationToken cancellationToken)
    {
        if (path.StartsWith(VllmImages.Mark, StringComparison.Ordinal))
        {
            return VllmImages.Read(path[VllmImages.Mark.Length..]);
        }

        string? folder = Directory.Exists(path) ? path : PythonEnvironments.OfScript(path);
        (PythonEnvironment? environment, IReadOnlyList<string> problems) = folder is not null && EnvironmentReader.HasVllm(folder) ? EnvironmentReader.Read(folder) : (null, []);
        VllmVersion? version = VllmVersion.Parse(environment?.VersionOf("vllm"));
        EngineCapabilities engine = new()
        {
            Engine = Name,
            Path = path,
            Version = environment?.VersionOf("vllm"),
            Flags = version is { } known ? VllmFlags.Of(known) : VllmFlags.OfNewest,
            Python = environment,
            Problems = problems,
        };
        return options.AskForHelp && problems.Count == 0 ? engine with { Flags = await HelpAsync(engine, options, cancellationToken).ConfigureAwait(false) } : engine;
    }

    /// <inheritdoc/>
    public LaunchCommand Render(EngineLaunch launch, EngineCapabilities? engine)
    {
        // A name alone was looked up to find what runs.
        string file = launch.Path is { } path && (path.Contains('/', StringComparison.Ordinal) || Path.GetFileName(engine?.Path) != path) ? path : engine?.Path ?? Program;
        List<string> arguments = VllmLaunchers.OfPlugin(file) is null ? ["serve", launch.Model] : [launch.Model];
        arguments.AddRange(["--host", launch.Host, "--port", EngineOption.Format((long)launch.Port)]);
        if (launch.Alias is { } alias)
        {
            arguments.AddRange(["--served-model-name", alias]);
        }

        foreach (EngineOption option in Options.Options)
        {
            if (launch.Options[option.Name] is { } value)
            {
                arguments.AddRange(option.Renderer.Render(option, value, engine));
            }
        }

        arguments.AddRange(launch.ExtraArguments);
        return new LaunchCommand(file, arguments, new Dictionary<string, string>(launch.Environment))
        {
            SecretFiles = launch.ApiKeyFile is { } keyFile ? new Dictionary<string, string> { [ApiKeyVariable!] = keyFile } : null,
        };
    }

    // What is in the environment does not change unless its dist-info does, which reinstalling rewrites.
    private static async Task<IReadOnlyList<EngineFlag>> HelpAsync(EngineCapabilities engine, EngineLocatorOptions options, CancellationToken cancellationToken)
    {
        CapabilityCache cache = new(Path.Combine(options.CacheFolder, "capabilities"));
        string? metadata = engine.Python is null ? null : PythonEnvironments.PackageFolders(engine.Python.Folder)
            .SelectMany(packages => Directory.EnumerateDirectories(packages, "vllm-*.dist-info")).Select(folder => Path.Combine(folder, "METADATA")).FirstOrDefault(File.Exists);
        string identity = metadata ?? engine.Path;
        if (cache.Read(identity) is { } known)
        {
            return known.Flags;
        }

        IReadOnlyList<EngineFlag> flags = await VllmHelp.ReadAsync(engine.Path, cancellationToken).ConfigureAwait(false);
        cache.Write(engine with { Path = identity, Flags = flags });
        return flags;
    }
}
