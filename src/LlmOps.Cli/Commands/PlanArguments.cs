using System.CommandLine;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Hardware;
using LlmOps.Models;
using LlmOps.Planning;
using LlmOps.Servers;

namespace LlmOps.Cli.Commands;

/// <summary>A configuration that was planned, with what it was planned from.</summary>
/// <param name="Config">The configuration.</param>
/// <param name="Model">The model.</param>
/// <param name="Engine">The engine it was planned for; null when it is for another machine.</param>
internal sealed record PlannedServer(ServerConfig Config, ModelDescription Model, EngineCapabilities? Engine);

/// <summary>The options that describe what to plan; <c>plan</c> and <c>start</c> share them.</summary>
internal sealed class PlanArguments
{
    private readonly Option<string?> _model = Options.Text("--model", "PATH", "The model: a GGUF file, or a folder with config.json and safetensors files.");
    private readonly Option<string[]> _topology = new("--topology")
    {
        HelpName = "FILE",
        Description = "Plan for the machine of a saved topology; no engine is needed here. Repeated: several machines serve the model together, the first answers clients.",
        AllowMultipleArgumentsPerToken = false,
    };

    private readonly Option<string[]> _address = new("--address")
    {
        HelpName = "ADDRESS",
        Description = "Where the machines reach each other, one for each --topology in their order; else the names in the topologies.",
        AllowMultipleArgumentsPerToken = false,
    };

    private readonly Option<string?> _cluster = Options.Text("--cluster", "FORM", "How several machines work together: auto, native, ray or kubernetes for vLLM; rpc for llama.cpp.");
    private readonly Option<int?> _clusterPort = Options.Whole("--cluster-port", "N", 1, 65535, "TCP port at which the machines meet; else the usual one.");
    private readonly Option<string?> _engine = Options.Text("--engine", "E", "auto (by the model), llama.cpp or vllm.");
    private readonly Option<string?> _engineVersion = Options.Text("--engine-version", "V", "Plan for this version of vLLM, such as 0.21.0.");
    private readonly Option<string?> _launcher = Options.Text("--launcher", "NAME", "What starts vLLM: auto, vllm, or caovan-vllm-serve.");
    private readonly Option<string?> _enginePath = Options.Text("--engine-path", "FILE", "The engine's binary; else the best one found.");
    private readonly Option<string?> _runtime = Options.Text("--runtime", "R", "auto, process, docker or systemd.");
    private readonly Option<string?> _image = Options.Text("--image", "IMAGE", "The container image for the runtime docker; else llama.cpp's own one that fits the GPUs.");
    private readonly Option<RestartMode?> _restart = Options.Choice<RestartMode>("--restart", "When a server that ended by itself is started again.");
    private readonly Option<PlanMode?> _mode = Options.Choice<PlanMode>("--mode", "How much headroom against how much speed.");
    private readonly Option<string[]> _set = new("--set")
    {
        HelpName = "FLAG=VALUE",
        Description = "Fix an option by the engine's own long flag name; the planner plans around it. May be repeated.",
        AllowMultipleArgumentsPerToken = false,
    };

    private readonly Option<string?> _name = Options.Text("--name", "NAME", "The server's name; else from the model.");
    private readonly Option<string?> _alias = Options.Text("--alias", "NAME", "The name that clients use for the model; else from the model.");
    private readonly Option<int?> _contextLength = Options.Whole("--context-length", "TOKENS", 1, int.MaxValue, "Tokens of context over all slots.");
    private readonly Option<int?> _parallel = Options.Whole("--parallel", "N", 1, 4096, "Requests served at the same time.");
    private readonly Option<string?> _kvCacheType = Options.Text("--kv-cache-type", "TYPE", "Type of keys and values: f16, q8_0, ...");
    private readonly Option<string?> _host = Options.Text("--host", "ADDRESS", "Address to listen on.");
    private readonly Option<int?> _port = Options.Whole("--port", "N", 1, 65535, "TCP port.");
    private readonly Option<string?> _apiKeyFile = Options.Text("--api-key-file", "FILE", "A file with the API key.");
    private readonly Option<string?> _chatTemplate = Options.Text("--chat-template", "FILE", "A file with the chat template to use.");
    private readonly Option<MemoryEstimator?> _estimator = Options.Choice<MemoryEstimator>("--estimator", "Whose figures of memory: the engine's own where it can be asked (auto), always (engine), never (model).");
    private readonly Option<int[]?> _index = Options.WholeList("--gpu", "N,N", 0, "Only these GPUs, by index.");

    /// <summary>Adds the options to <paramref name="command"/>.</summary>
    public void AddTo(Command command)
    {
        Option[] options =
        [
            _model, _topology, _address, _cluster, _clusterPort, _engine, _engineVersion, _launcher, _enginePath, _runtime, _image, _restart, _mode, _set, _name, _alias, _contextLength, _parallel, _kvCacheType, _host, _port,
            _apiKeyFile, _chatTemplate, _index, _estimator,
        ];
        foreach (Option option in options)
        {
            command.Options.Add(option);
        }
    }

    /// <summary>Whether a model was named.</summary>
    public bool NamesModel(ParseResult parsed) => parsed.GetValue(_model) is not null;

    /// <summary>Whether the plan is for another machine.</summary>
    public bool IsForAnotherMachine(ParseResult parsed) => parsed.GetValue(_topology) is { Length: > 0 };

    /// <summary>The first of these options that was given, for messages; null when none was.</summary>
    public static string? FirstGiven(ParseResult parsed, Command command) =>
        command.Options.FirstOrDefault(option => IsOwn(option) && parsed.GetResult(option) is { Implicit: false })?.Name;

    /// <summary>Makes the plan.</summary>
    public async Task<PlannedServer> PlanAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<string, string> pins = Pins(parsed.GetValue(_set) ?? []);
        ModelDescription model = ModelReader.Read(parsed.GetValue(_model) ?? throw new LlmOpsException("name the model: --model PATH", "ModelNotNamed"));

        string[] topologyFiles = parsed.GetValue(_topology) ?? [];
        string? topologyFile = topologyFiles.FirstOrDefault();
        string[] addresses = parsed.GetValue(_address) ?? [];
        if (topologyFiles.Length < 2 && (addresses.Length > 0 || parsed.GetValue(_cluster) is not null || parsed.GetValue(_clusterPort) is not null))
        {
            throw new LlmOpsException("--address, --cluster and --cluster-port are for several machines; name each by a --topology of its own (llmops gpu --json there)", "OneMachine");
        }

        string? enginePath = parsed.GetValue(_enginePath);
        GpuTopology topology = topologyFile is null
            ? new TopologySurvey(new SurveyOptions()).Capture(cancellationToken)
            : TopologyFile.Read(topologyFile);

        // The engine of this machine says nothing about another one's, unless somebody says that it is the same.
        string? image = parsed.GetValue(_image);
        string? runtime = RuntimeOf(parsed.GetValue(_runtime)) ?? (image is null ? null : RuntimeNames.Docker);
        string engineName = EngineSelection.For(parsed.GetValue(_engine), model.Format);
        EngineCapabilities? engine = runtime == RuntimeNames.Docker
            ? topologyFile is null ? await ServerLaunch.FindEngineAsync(engineName, runtime, image, null, cancellationToken).ConfigureAwait(false) : null
            : topologyFile is null || enginePath is not null ? await new EngineLocator(new EngineLocatorOptions { Engine = engineName }).RequireAsync(enginePath, cancellationToken).ConfigureAwait(false)
            : null;
        if (engine is not null && topologyFile is null)
        {
            topology = EngineTopology.AddDevices(topology, engine);
        }

        if (parsed.GetList(_index) is { } wanted)
        {
            if (topologyFiles.Length > 1)
            {
                throw new LlmOpsException("--gpu counts the GPUs of one machine; for several, leave out of each topology what is not meant", "OneMachine");
            }

            topology = new GpuFilter { Indexes = wanted }.Apply(topology);
        }

        ServerConfig config = new ServerPlanner().Plan(new PlanRequest
        {
            Model = model,
            Topology = topology,
            OtherHosts = [.. topologyFiles.Skip(1).Select(TopologyFile.Read)],
            Addresses = addresses,
            Cluster = parsed.GetValue(_cluster)?.ToLowerInvariant(),
            ClusterPort = parsed.GetValue(_clusterPort),
            EngineName = parsed.GetValue(_engine),
            EngineVersion = parsed.GetValue(_engineVersion),
            Launcher = parsed.GetValue(_launcher),
            Engine = engine,
            Experience = topologyFile is null ? MeasuredLoads.Default.Of(model.Path, engine?.Path) : [],
            Mode = parsed.GetValue(_mode) ?? PlanMode.Auto,
            Name = parsed.GetValue(_name),
            Alias = parsed.GetValue(_alias),
            ContextLength = parsed.GetValue(_contextLength),
            Parallel = parsed.GetValue(_parallel),
            KvCacheType = parsed.GetValue(_kvCacheType),
            HostName = parsed.GetValue(_host),
            Port = parsed.GetValue(_port),
            ApiKeyFile = FullPath(parsed.GetValue(_apiKeyFile)),
            ChatTemplateFile = FullPath(parsed.GetValue(_chatTemplate)),
            Pins = pins,
            Runtime = runtime,
            Image = image,
            Restart = parsed.GetValue(_restart) ?? RestartMode.OnFailure,
            IsThisMachine = topologyFile is null,
        });
        if (topologyFile is null)
        {
            config = await EngineEstimate.ApplyAsync(config, model, engine, parsed.GetValue(_estimator) ?? MemoryEstimator.Auto, cancellationToken).ConfigureAwait(false);
        }
        else if (parsed.GetValue(_estimator) == MemoryEstimator.Engine)
        {
            throw new LlmOpsException("--estimator engine asks the engine of this machine, and --topology plans for another; leave one of them out", "EstimatorNotHere");
        }

        return new PlannedServer(config, model, engine);
    }

    private static string? RuntimeOf(string? runtime) => runtime switch
    {
        null or "auto" => null,
        _ when RuntimeNames.All.Contains(runtime) => runtime,
        _ => throw new LlmOpsException($"--runtime takes auto, {string.Join(", ", RuntimeNames.All)}, not '{runtime}'", "RuntimeNotSupported"),
    };

    private static Dictionary<string, string> Pins(string[] settings)
    {
        Dictionary<string, string> pins = [];
        foreach (string setting in settings)
        {
            int equals = setting.IndexOf('=', StringComparison.Ordinal);
            string flag = equals < 0 ? string.Empty : setting[..equals].Trim().TrimStart('-');
            if (flag.Length == 0 || equals == setting.Length - 1)
            {
                throw new LlmOpsException($"--set takes FLAG=VALUE such as ctx-size=4096, not '{setting}'", "PinInvalid");
            }

            string value = setting[(equals + 1)..];
            if (!pins.TryAdd(flag, value) && pins[flag] != value)
            {
                throw new LlmOpsException($"--set {flag} is given twice, as '{pins[flag]}' and as '{value}'; keep one", "PinInvalid");
            }
        }

        return pins;
    }

    private static string? FullPath(string? path) => path is null ? null : Path.GetFullPath(path);

    private static bool IsOwn(Option option) => option.Name is not ("--json" or "--verbose" or "--timeout" or "--no-wait" or "--force" or "--dry-run");
}
