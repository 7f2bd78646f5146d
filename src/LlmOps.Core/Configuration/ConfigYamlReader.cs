using LlmOps.Engines;
using LlmOps.Planning;
using YamlDotNet.RepresentationModel;

namespace LlmOps.Configuration;

/// <summary>Reads a configuration from YAML: unknown keys and wrong types are errors with line and column.</summary>
internal sealed class ConfigYamlReader
{
    private static readonly string[] TopKeys =
        ["name", "engine", "enginePath", "runtime", "image", "container", "systemd", "model", "alias", "devices", "options", "extraArguments", "environment", "endpoint", "health", "log", "restart", "cluster", "plan", "prediction", "problems"];

    private readonly YamlNodes _nodes;
    private readonly ReasonComments _comments;
    private readonly string? _folder;
    private readonly List<Decision> _decisions = [];
    private IEngine _engine = KnownEngines.All[0];

    private ConfigYamlReader(string yaml, string origin, string? folder)
    {
        _nodes = new YamlNodes(origin);
        _comments = new ReasonComments(yaml);
        _folder = folder;
    }

    /// <summary>Reads <paramref name="yaml"/>.</summary>
    /// <param name="yaml">The text.</param>
    /// <param name="origin">What to call it in errors.</param>
    /// <param name="folder">What relative paths are meant from; null to leave them.</param>
    public static ServerConfig Read(string yaml, string origin, string? folder) => new ConfigYamlReader(yaml, origin, folder).Config(yaml);

    private static YamlNode? ValueOf(YamlMappingNode mapping, string name)
    {
        foreach ((YamlNode key, YamlNode value) in mapping.Children)
        {
            if (key is YamlScalarNode scalar && scalar.Value == name)
            {
                return value;
            }
        }

        return null;
    }

    private ServerConfig Config(string yaml)
    {
        YamlMappingNode document = _nodes.Document(yaml);

        // What an option means is the engine's, wherever in the file that is named.
        _engine = KnownEngines.Require(ValueOf(document, "engine") is { } named ? EngineName(named) : EngineNames.LlamaCpp);
        string? name = null;
        string? model = null;
        ServerConfig config = new() { Name = "", Model = "" };
        foreach ((string key, YamlNode keyNode, YamlNode value) in _nodes.Entries(document, "the configuration", TopKeys))
        {
            Remember(key, keyNode, value);
            config = key switch
            {
                "name" => config with { Name = name = Name(value) },
                "engine" => config with { Engine = EngineName(value) },
                "enginePath" => config with { EnginePath = ProgramOf(value, key) },
                "runtime" => config with { Runtime = Word(value, key, [.. RuntimeNames.All]) },
                "image" => config with { Image = _nodes.OptionalText(value, key) },
                "container" => config with { Container = Container(value) },
                "systemd" => config with { Systemd = Systemd(value) },
                "model" => config with { Model = model = PathOf(value, key) ?? throw _nodes.Error(value, "model must be a path") },
                "alias" => config with { Alias = _nodes.OptionalText(value, key) },
                "devices" => config with { Devices = [.. _nodes.Sequence(value, key).Select(Device)] },
                "options" => config with { Options = Options(value) },
                "extraArguments" => config with { ExtraArguments = [.. _nodes.Sequence(value, key).Select(node => _nodes.Text(node, "an argument"))] },
                "environment" => config with { Environment = Environment(value) },
                "endpoint" => config with { Endpoint = Endpoint(value) },
                "health" => config with { Health = Health(value) },
                "log" => config with { Log = Log(value) },
                "restart" => config with { Restart = Restart(value) },
                "cluster" => config with { Cluster = ClusterYaml.Read(_nodes, value, Device) },
                "plan" => config with { Plan = new PlanYaml(_nodes).Plan(value) },
                "prediction" => config with { Prediction = new PlanYaml(_nodes).Prediction(value) },
                _ => config with { Problems = [.. _nodes.Sequence(value, key).Select(new PlanYaml(_nodes).Problem)] },
            };
        }

        return name is null ? throw _nodes.Error(document, "the key 'name' is missing; every server has one")
            : model is null ? throw _nodes.Error(document, "the key 'model' is missing; name the model file")
            : config with { Decisions = _decisions };
    }

    private string Name(YamlNode node)
    {
        string name = _nodes.Text(node, "name");
        return ServerNaming.Problem(name) is { } problem ? throw _nodes.Error(node, problem) : name;
    }

    private string EngineName(YamlNode node)
    {
        string name = _nodes.Text(node, "engine");
        return KnownEngines.Find(name) is not null ? name
            : throw _nodes.Error(node, $"engine '{name}' is not supported; this version supports {string.Join(" and ", EngineSelection.Names)}");
    }

    private string Word(YamlNode node, string key, params string[] words)
    {
        string word = _nodes.Text(node, key);
        return words.Contains(word) ? word : throw _nodes.Error(node, $"{key} '{word}' is not supported; this version supports {string.Join(", ", words)}");
    }

    private ContainerSettings Container(YamlNode node)
    {
        ContainerSettings container = new();
        foreach ((string key, _, YamlNode value) in _nodes.Entries(_nodes.Mapping(node, "container"), "container", ["ipc", "shmSize", "memory", "ulimits"]))
        {
            container = key switch
            {
                "ipc" => container with { Ipc = Word(value, key, "host", "private") },
                "shmSize" => container with { ShmSize = _nodes.Text(value, key) },
                "memory" => container with { Memory = _nodes.Text(value, key) },
                _ => container with { Ulimits = Environment(value) },
            };
        }

        return container;
    }

    private SystemdSettings Systemd(YamlNode node)
    {
        SystemdSettings systemd = new();
        foreach ((string key, _, YamlNode value) in _nodes.Entries(_nodes.Mapping(node, "systemd"), "systemd", ["scope", "install"]))
        {
            systemd = key == "scope"
                ? systemd with { Scope = Word(value, key, "user", "system") }
                : systemd with { Install = Word(value, key, "true", "false") == "true" };
        }

        return systemd;
    }

    private string? PathOf(YamlNode node, string key)
    {
        string? path = _nodes.OptionalText(node, key);
        return path is null || _folder is null ? path : Path.GetFullPath(path, _folder);
    }

    // A name alone is looked up where programs are, unless a file of that name lies beside the configuration.
    private string? ProgramOf(YamlNode node, string key) =>
        _nodes.OptionalText(node, key) is { } name && !name.Contains('/', StringComparison.Ordinal) && !name.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal)
            && (_folder is null || !File.Exists(Path.Combine(_folder, name)))
            ? name
            : PathOf(node, key);

    private ConfigDevice Device(YamlNode node)
    {
        ConfigDevice device = new() { Name = "" };
        foreach ((string key, _, YamlNode value) in _nodes.Entries(_nodes.Mapping(node, "a device"), "a device", ["name", "index", "uuid", "host"]))
        {
            device = key switch
            {
                "name" => device with { Name = _nodes.Text(value, key) },
                "index" => device with { Index = (int)_nodes.Integer(value, key, 0, 1023) },
                "uuid" => device with { Uuid = _nodes.Text(value, key) },
                _ => device with { Host = _nodes.Text(value, key) },
            };
        }

        return device.Name.Length > 0 ? device : throw _nodes.Error(node, "a device needs a name, such as CUDA0");
    }

    private OptionSet Options(YamlNode node)
    {
        OptionSet options = OptionSet.Empty;
        EngineOptionTable table = _engine.Options;
        foreach ((string key, YamlNode keyNode, YamlNode value) in _nodes.Entries(_nodes.Mapping(node, "options"), "options", known: null))
        {
            EngineOption option = table.ByName(key) ?? throw UnknownOption(keyNode, key, table);
            string text = value is YamlSequenceNode list && option is NumberListOption
                ? string.Join(',', list.Children.Select(item => _nodes.Text(item, key)))
                : value is YamlScalarNode scalar ? scalar.Value ?? string.Empty : throw Wrong(value, option);
            if (!option.TryParse(text, out object parsed) || text.Length == 0)
            {
                throw Wrong(value, option);
            }

            if (_engine.PathOptions.Contains(option) && _folder is not null)
            {
                parsed = Path.GetFullPath(text, _folder);
            }

            options = options.With(key, parsed);
            Remember(key, keyNode, value, EngineOption.Format(parsed));
        }

        return options;
    }

    private ConfigException UnknownOption(YamlNode node, string key, EngineOptionTable table) =>
        table.ByFlag(key.TrimStart('-')) is { } byFlag
            ? _nodes.Error(node, $"unknown key '{key}' in options; the option for --{key.TrimStart('-')} is called {byFlag.Name}")
            : _nodes.Unknown(node, key, "options", table.Options.Select(option => option.Name));

    private ConfigException Wrong(YamlNode node, EngineOption option) =>
        _nodes.Error(node, $"{option.Name} must be {option.Expectation}, not {YamlNodes.Kind(node)}");

    private Dictionary<string, string> Environment(YamlNode node)
    {
        Dictionary<string, string> environment = [];
        foreach ((string key, YamlNode keyNode, YamlNode value) in _nodes.Entries(_nodes.Mapping(node, "environment"), "environment", known: null))
        {
            Remember(key, keyNode, value, value is YamlScalarNode { Value: { } text } ? text : string.Empty);
            environment[key] = value is YamlScalarNode scalar ? scalar.Value ?? "" : throw _nodes.Error(value, $"{key} must be a text, not {YamlNodes.Kind(value)}");
        }

        return environment;
    }

    private ServerEndpoint Endpoint(YamlNode node)
    {
        ServerEndpoint endpoint = new();
        foreach ((string key, YamlNode keyNode, YamlNode value) in _nodes.Entries(_nodes.Mapping(node, "endpoint"), "endpoint", ["host", "port", "apiKeyFile"]))
        {
            Remember(key, keyNode, value);
            endpoint = key switch
            {
                "host" => endpoint with { Host = _nodes.Text(value, key) },
                "port" => endpoint with { Port = (int)_nodes.Integer(value, key, 1, 65535) },
                _ => endpoint with { ApiKeyFile = PathOf(value, key) },
            };
        }

        return endpoint;
    }

    private HealthPolicy Health(YamlNode node)
    {
        HealthPolicy health = new();
        foreach ((string key, _, YamlNode value) in _nodes.Entries(_nodes.Mapping(node, "health"), "health", ["path", "stallSeconds", "unresponsiveSeconds"]))
        {
            health = key switch
            {
                "path" => health with { Path = _nodes.Text(value, key) },
                "stallSeconds" => health with { StallSeconds = (int)_nodes.Integer(value, key, 1, 86400) },
                _ => health with { UnresponsiveSeconds = (int)_nodes.Integer(value, key, 0, 86400) },
            };
        }

        return health;
    }

    private LogPolicy Log(YamlNode node)
    {
        LogPolicy log = new();
        foreach ((string key, _, YamlNode value) in _nodes.Entries(_nodes.Mapping(node, "log"), "log", ["maxFileMiB", "maxFiles", "maxFileDays"]))
        {
            log = key switch
            {
                "maxFileMiB" => log with { MaxFileMiB = (int)_nodes.Integer(value, key, 1, 1024) },
                "maxFiles" => log with { MaxFiles = (int)_nodes.Integer(value, key, 1, 1000) },
                _ => log with { MaxFileDays = (int)_nodes.Integer(value, key, 1, 3650) },
            };
        }

        return log;
    }

    private RestartPolicy Restart(YamlNode node)
    {
        RestartPolicy restart = new();
        foreach ((string key, _, YamlNode value) in _nodes.Entries(_nodes.Mapping(node, "restart"), "restart", ["mode", "maxRestarts", "backoffSeconds"]))
        {
            restart = key switch
            {
                "mode" => restart with { Mode = RestartModes.Parse(_nodes.Text(value, key)) ?? throw _nodes.Error(value, $"mode must be never, on-failure or always, not {YamlNodes.Kind(value)}") },
                "maxRestarts" => restart with { MaxRestarts = (int)_nodes.Integer(value, key, 0, 1_000_000) },
                _ => restart with { BackoffSeconds = _nodes.Number(value, key) },
            };
        }

        return restart;
    }

    private void Remember(string key, YamlNode keyNode, YamlNode value, string? text = null)
    {
        bool isOption = text is not null;
        if ((!isOption && !ConfigYamlWriter.PlainKeys.Contains(key)) || key == "name" || _comments.For(keyNode, value) is not var (reason, rejected))
        {
            return;
        }

        const string Pinned = "pinned: ";
        bool pinned = reason.StartsWith(Pinned, StringComparison.Ordinal);
        string shown = text ?? (value is YamlScalarNode scalar ? scalar.Value ?? "" : string.Join(", ", value is YamlSequenceNode list ? list.Children.OfType<YamlMappingNode>().Select(FirstValue) : []));
        _decisions.Add(new Decision(key, shown, pinned ? reason[Pinned.Length..] : reason, rejected, pinned));
    }

    private static string FirstValue(YamlMappingNode mapping) => mapping.Children.FirstOrDefault().Value is YamlScalarNode { Value: { } text } ? text : "";
}
