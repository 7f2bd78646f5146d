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
    public string MetricsPath => "/metrics";

    /// <inheritdoc/>
    public int ImageEntryWords => 1; // vllm serve

    /// <inheritdoc/>
    public EngineCapabilities? ReadImage(string image) => image.Contains("vllm", StringComparison.OrdinalIgnoreCase) ? VllmImages.Read(image) : null;

    /// <inheritdoc/>
    public string NotFound(EngineLocatorOptions options) =>
        "no vLLM was found: not in the active environment, in conda, venv or uv environments of this user, in the system's Python, nor on PATH; install it (python -m pip install vllm), or name its program, such as ~/miniconda3/envs/NAME/bin/vllm";

    /// <inheritdoc/>
    public bool Runs(ModelFormat format) => format == ModelFormat.Safetensors;

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
        if (launch.ApiKeyFile is not null)
        {
            // Left out, the server would be open while its configuration says that it is not.
            throw new LlmOpsException("vLLM reads no key from a file, only from an argument that everybody can see or from the environment; leave the API key file out and set VLLM_API_KEY in the shell that starts the server", "ApiKeyFileUnsupported");
        }

        string file = launch.Path ?? engine?.Path ?? Program;
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
        return new LaunchCommand(file, arguments, new Dictionary<string, string>(launch.Environment));
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
