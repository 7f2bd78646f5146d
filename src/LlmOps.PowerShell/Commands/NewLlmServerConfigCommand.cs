using System.Collections;
using System.Management.Automation;
using LlmOps.Binding;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Hardware;
using LlmOps.Models;
using LlmOps.Planning;
using LlmOps.Servers;

namespace LlmOps.Commands;

/// <summary>Computes a launch configuration for a model on given GPUs, with a reason for every value.</summary>
[Cmdlet(VerbsCommon.New, "LlmServerConfig")]
[OutputType(typeof(ServerConfig))]
public sealed class NewLlmServerConfigCommand : LlmOpsCommand
{
    // The default view of the object shows the reasons when this name is on top of its type names.
    private const string ExplainedType = "LlmOps.Configuration.ServerConfig#Explained";
    private readonly List<GpuDevice> _gpus = [];
    private readonly List<GpuTopology> _hosts = [];
    private EngineCapabilities? _engine;
    private bool _isEngineKnown;

    /// <summary>The machine to plan for; this one when neither it nor GPUs are given. Several: they serve the model together.</summary>
    [Parameter(ValueFromPipeline = true, HelpMessage = "The machine to plan for (Get-GpuTopology); this one when left out. Several given here, or piped with -Cluster, serve the model together.")]
    [TopologyTransformation]
    [ArgumentCompleter(typeof(JsonFileCompleter))]
    public GpuTopology[] Topology { get; set; } = [];

    /// <summary>Saved topologies to plan for; several serve the model together.</summary>
    [Parameter(HelpMessage = "Saved topologies (JSON) to plan for; several machines serve the model together, the first answers clients.")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(JsonFileCompleter))]
    public string[] TopologyPath { get; set; } = [];

    /// <summary>How several machines work together.</summary>
    [Parameter(HelpMessage = "All machines that are piped in serve the model together, in this way: Native, Ray or Kubernetes for vLLM, Rpc for llama.cpp. Without it each machine gets a plan of its own.")]
    [ValidateSet(EngineChoice.Auto, ClusterForms.Native, ClusterForms.Ray, ClusterForms.Kubernetes, ClusterForms.Rpc)]
    public string? Cluster { get; set; }

    /// <summary>Where several machines reach each other.</summary>
    [Parameter(HelpMessage = "Where the machines reach each other, in their order; the names in their topologies when left out.")]
    [ValidateNotNullOrEmpty]
    public string[] Address { get; set; } = [];

    /// <summary>TCP port at which several machines meet.</summary>
    [Parameter(HelpMessage = "TCP port at which the machines meet; the usual one when left out.")]
    [ValidateRange(1, 65535)]
    public int? ClusterPort { get; set; }

    /// <summary>The GPUs to plan for, in the order to use them.</summary>
    [Parameter(ValueFromPipeline = true, HelpMessage = "The GPUs to plan for, in the order to use them.")]
    public GpuDevice[] Gpu { get; set; } = [];

    /// <summary>The model file or folder.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true, HelpMessage = "The model: a GGUF file (any part of a split one), or a folder with config.json and safetensors files.")]
    [ArgumentCompleter(typeof(ModelFileCompleter))]
    [ValidateNotNullOrEmpty]
    [ModelPathTransformation]
    [Alias("Path", "PSPath")]
    public string Model { get; set; } = string.Empty;

    /// <summary>The engine.</summary>
    [Parameter(HelpMessage = "The engine; Auto takes llama.cpp for GGUF files and vLLM for folders.")]
    [ValidateSet(EngineChoice.Auto, EngineNames.LlamaCpp, EngineNames.Vllm)]
    public string Engine { get; set; } = EngineChoice.Auto;

    /// <summary>The engine's binary; the best one found when left out.</summary>
    [Parameter(HelpMessage = "The engine's binary; the best one found when left out.")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(EnginePathCompleter))]
    public string? EnginePath { get; set; }

    /// <summary>The version of vLLM to plan for; the installed one when left out.</summary>
    [Parameter(HelpMessage = "The version of vLLM to plan for, such as 0.21.0; the installed one when left out.")]
    [ValidateNotNullOrEmpty]
    public string? EngineVersion { get; set; }

    /// <summary>What starts vLLM.</summary>
    [Parameter(HelpMessage = "What starts vLLM: vllm itself, or a plugin's launcher that computes some values at the start; Auto takes an installed plugin's where it fits the cards.")]
    [ValidateSet(EngineChoice.Auto, "vllm", "caovan-vllm-serve")]
    public string Launcher { get; set; } = EngineChoice.Auto;

    /// <summary>How the engine runs.</summary>
    [Parameter(HelpMessage = "How the engine runs; Auto chooses.")]
    [ValidateSet(EngineChoice.Auto, RuntimeNames.Process, RuntimeNames.Docker, RuntimeNames.Systemd)]
    public string Runtime { get; set; } = EngineChoice.Auto;

    /// <summary>The container image for the runtime docker.</summary>
    [Parameter(HelpMessage = "The container image for the runtime docker; llama.cpp's own one that fits the GPUs when left out.")]
    [ValidateNotNullOrEmpty]
    public string? Image { get; set; }

    /// <summary>When a server that ended by itself is started again.</summary>
    [Parameter(HelpMessage = "When a server that ended by itself is started again.")]
    public RestartMode Restart { get; set; } = RestartMode.OnFailure;

    /// <summary>What to prefer where safety and speed differ.</summary>
    [Parameter(HelpMessage = "What to prefer where safety and speed differ.")]
    public PlanMode Mode { get; set; } = PlanMode.Auto;

    /// <summary>Tokens of context.</summary>
    [Parameter(HelpMessage = "Tokens of context; the planner chooses when left out.")]
    [ValidateRange(1L, int.MaxValue)]
    public long? ContextLength { get; set; }

    /// <summary>Requests served at the same time.</summary>
    [Parameter(HelpMessage = "Requests served at the same time; the planner chooses when left out.")]
    [ValidateRange(1, 4096)]
    public int? Parallel { get; set; }

    /// <summary>Type of the KV cache.</summary>
    [Parameter(HelpMessage = "Type of the KV cache, for example f16 or q8_0.")]
    [ArgumentCompleter(typeof(KvCacheTypeCompleter))]
    [ValidateNotNullOrEmpty]
    public string? KvCacheType { get; set; }

    /// <summary>Address to listen on.</summary>
    [Parameter(HelpMessage = "Address to listen on; 127.0.0.1 when left out.")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ListenAddressCompleter))]
    public string? HostName { get; set; }

    /// <summary>TCP port.</summary>
    [Parameter(HelpMessage = "TCP port to listen on.")]
    [ValidateRange(1, 65535)]
    public int? Port { get; set; }

    /// <summary>A file with the API key.</summary>
    [Parameter(HelpMessage = "A file with the API key, one a line.")]
    [ValidateNotNullOrEmpty]
    public string? ApiKeyFile { get; set; }

    /// <summary>A file with the chat template to use instead of the model's own.</summary>
    [Parameter(HelpMessage = "A file with the chat template to use instead of the model's own.")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(JinjaFileCompleter))]
    public string? ChatTemplate { get; set; }

    /// <summary>The server's name; from the model's when left out.</summary>
    [Parameter(HelpMessage = "The server's name; from the model's when left out.")]
    [ValidateNotNullOrEmpty]
    public string? Name { get; set; }

    /// <summary>The name that clients use for the model.</summary>
    [Parameter(HelpMessage = "The name that clients use for the model.")]
    [ValidateNotNullOrEmpty]
    public string? Alias { get; set; }

    /// <summary>Options to fix, by the engine's own long flag names; the rest is planned around them.</summary>
    [Parameter(HelpMessage = "Options to fix, by the engine's own long flag names: @{ 'ctx-size' = 4096 }.")]
    [OptionTransformation]
    [ArgumentCompleter(typeof(OptionCompleter))]
    public Hashtable? Option { get; set; }

    /// <summary>Arguments to pass on as they are.</summary>
    [Parameter(HelpMessage = "Arguments to pass on to the engine as they are.")]
    [ArgumentCompleter(typeof(EngineArgumentCompleter))]
    public string[] ExtraArgument { get; set; } = [];

    /// <summary>Whose figures of memory.</summary>
    [Parameter(HelpMessage = "Whose figures of memory: the engine's own where it can be asked (Auto), always (Engine), never (Model).")]
    public MemoryEstimator Estimator { get; set; } = MemoryEstimator.Auto;

    /// <summary>Show every value with its reason.</summary>
    [Parameter(HelpMessage = "Show every value with its reason.")]
    public SwitchParameter Explain { get; set; }

    /// <inheritdoc />
    protected override void Process()
    {
        if (Gpu.Length > 0)
        {
            _gpus.AddRange(Gpu);
        }
        else if (TopologyPath.Length > 0)
        {
            _hosts.AddRange(TopologyPath.Select(path => TopologyFile.Read(FilePaths.Existing(this, path))));
        }
        else if (Topology.Length > 1 || (Topology.Length > 0 && Cluster is not null))
        {
            _hosts.AddRange(Topology);
        }
        else
        {
            Plan(Topology.Length > 0 ? Topology[0] : ThisMachine.Capture(this, TopologySource.Auto));
        }
    }

    /// <inheritdoc />
    protected override void End()
    {
        if (_hosts.Count > 0)
        {
            Attempt(Model, () => Plan(_hosts[0], [.. _hosts.Skip(1)]));
        }

        if (_gpus.Count > 0)
        {
            Attempt(_gpus, () => Plan(TopologyOrigin.Narrow(TopologyOrigin.Of(_gpus[0]) ?? ThisMachine.Capture(this, TopologySource.Auto), _gpus)));
        }
    }

    private void Plan(GpuTopology topology, params IReadOnlyList<GpuTopology> others)
    {
        if (others.Count == 0 && (Cluster is not null || Address.Length > 0 || ClusterPort is not null))
        {
            throw new LlmOpsException("-Cluster, -Address and -ClusterPort are for several machines; give the topology of each (llmops gpu --json there)", "OneMachine");
        }

        bool isThisMachine = TopologyOrigin.IsThisMachine(topology);
        ModelDescription model = ModelReader.Read(FilePaths.Existing(this, Model));
        WriteVerbose($"The model {model.Name} is {model.Architecture} in {model.Quantization}: {Bytes.Format(model.SizeBytes)} in {model.Files.Count} files, {model.LayerCount} layers, trained for {model.ContextLength} tokens.");
        WriteVerbose($"Planning for {(isThisMachine ? "this machine" : topology.Host.Name ?? "another machine")} with {topology.Gpus.Count} GPUs.");
        string engineName = EngineSelection.For(Engine, model.Format);
        EngineCapabilities? engine = EngineFor(isThisMachine, engineName);
        ServerConfig config = new ServerPlanner().Plan(new PlanRequest
        {
            Model = model,
            EngineName = Engine,
            EngineVersion = EngineVersion,
            Launcher = Launcher == EngineChoice.Auto ? null : Launcher,
            Topology = topology,
            OtherHosts = others,
            Addresses = Address,
            Cluster = Cluster?.ToLowerInvariant(),
            ClusterPort = ClusterPort,
            IsThisMachine = isThisMachine,
            Engine = engine,
            Experience = isThisMachine ? MeasuredLoads.Default.Of(model.Path, engine?.Path) : [],
            Mode = Mode,
            Name = Name,
            Alias = Alias,
            ContextLength = ContextLength,
            Parallel = Parallel,
            KvCacheType = KvCacheType,
            HostName = HostName,
            Port = Port,
            ApiKeyFile = ApiKeyFile is null ? null : FilePaths.New(this, ApiKeyFile),
            ChatTemplateFile = ChatTemplate is null ? null : FilePaths.Existing(this, ChatTemplate),
            Pins = OptionPins.Of(Option),
            ExtraArguments = ExtraArgument,
            Runtime = Runtime == EngineChoice.Auto ? null : Runtime.ToLowerInvariant(),
            Image = Image,
            Restart = Restart,
        });
        Write(isThisMachine ? Await(token => EngineEstimate.ApplyAsync(config, model, engine, Estimator, token)) : config);
    }

    private EngineCapabilities? EngineFor(bool isThisMachine, string engine)
    {
        // The engine of this machine says nothing about another one's, unless somebody says that it is the same.
        if (!isThisMachine && EnginePath is null)
        {
            return null;
        }

        if (!_isEngineKnown)
        {
            _engine = IsDocker ? Await(stop => ServerLaunch.FindEngineAsync(engine, RuntimeNames.Docker, Image, null, stop)) : EngineChoice.Find(this, EnginePath, engine);
            _isEngineKnown = true;
            if (_engine is null && !IsDocker)
            {
                WriteWarning($"No {(engine == EngineNames.LlamaCpp ? "llama-server" : engine)} was found: the plan is for the newest version known to do, and Start-LlmServer will need one (see Get-LlmEngine).");
            }
        }

        return _engine;
    }

    private bool IsDocker => Runtime.Equals(RuntimeNames.Docker, StringComparison.OrdinalIgnoreCase) || Image is not null;

    private void Write(ServerConfig config)
    {
        foreach (PlanProblem problem in config.Problems)
        {
            WriteWarning($"{config.Name}: {problem.Message}; {problem.Remedy}");
        }

        WriteVerbose($"Planned '{config.Name}' on {(config.Devices.Count == 0 ? "the processor" : string.Join(", ", config.Devices.Select(device => device.Name)))}: {config.Decisions.Count} values, {config.Decisions.Count(decision => decision.Pinned)} of them fixed; figures of memory by {config.Plan?.Source ?? "nobody"}.");
        PSObject output = PSObject.AsPSObject(IndexableLists.In(config));
        if (Explain)
        {
            output.TypeNames.Insert(0, ExplainedType);
        }

        WriteObject(output);
    }
}
