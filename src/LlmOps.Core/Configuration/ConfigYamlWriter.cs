using System.Globalization;
using System.Text;
using LlmOps.Engines;
using LlmOps.Planning;

namespace LlmOps.Configuration;

/// <summary>Writes a configuration as YAML: the order a person reads in, a reason beside each computed value.</summary>
internal sealed class ConfigYamlWriter
{
    /// <summary>Longest line with a comment beside a value; longer reasons go above it.</summary>
    private const int WidestLine = 110;

    /// <summary>Column at which comments beside values start, where the value is short enough.</summary>
    private const int CommentColumn = 34;

    /// <summary>Decisions about values that are no engine options, by the key that carries them in the file.</summary>
    internal static readonly IReadOnlyList<string> PlainKeys = ["name", "engine", "enginePath", "runtime", "image", "model", "alias", "devices", "host", "port", "apiKeyFile", "restart", "environment"];

    private readonly StringBuilder _text = new();
    private Dictionary<string, Decision> _decisions = [];

    /// <summary>The configuration as YAML.</summary>
    public string Write(ServerConfig config)
    {
        _decisions = config.Decisions.DistinctBy(decision => decision.Option).ToDictionary(decision => decision.Option);
        _text.Append("# LlmOps server configuration: start it with 'llmops start FILE' or Start-LlmServer.\n");
        Entry(0, "name", config.Name);
        Entry(0, "engine", config.Engine);
        Entry(0, "enginePath", config.EnginePath);
        Entry(0, "runtime", config.Runtime);
        Entry(0, "image", config.Image);
        Container(config.Container);
        Systemd(config.Systemd);
        Entry(0, "model", config.Model);
        Entry(0, "alias", config.Alias);
        Devices(config.Devices);
        Options(config.Options);
        Arguments(config.ExtraArguments);
        Environment(config.Environment);
        Section("endpoint");
        Entry(1, "host", config.Endpoint.Host);
        Entry(1, "port", config.Endpoint.Port);
        Entry(1, "apiKeyFile", config.Endpoint.ApiKeyFile);
        Section("health");
        Entry(1, "path", config.Health.Path);
        Line(1, $"stallSeconds: {Number(config.Health.StallSeconds)}", "seconds without any sign of life before a start counts as stalled", []);
        Line(1, $"unresponsiveSeconds: {Number(config.Health.UnresponsiveSeconds)}", "seconds without answer or work before a ready server counts as hung; 0 never", []);
        Section("log");
        Line(1, $"maxFileMiB: {Number(config.Log.MaxFileMiB)}", "then a new file begins", []);
        Line(1, $"maxFiles: {Number(config.Log.MaxFiles)}", "kept", []);
        Line(1, $"maxFileDays: {Number(config.Log.MaxFileDays)}", "then a new file begins too", []);
        Section("restart");
        Line(1, $"mode: {RestartModes.ToText(config.Restart.Mode)}", "never, on-failure or always", []);
        Line(1, $"maxRestarts: {Number(config.Restart.MaxRestarts)}", "in a row, then it gives up", []);
        Line(1, $"backoffSeconds: {Number(config.Restart.BackoffSeconds)}", "before the first restart, doubled each time", []);
        foreach ((int depth, string text) in config.Cluster is { } cluster ? ClusterYaml.Lines(cluster) : [])
        {
            Line(depth, text, null, []);
        }

        Plan(config.Plan);
        Prediction(config.Prediction);
        Problems(config.Problems);
        return _text.ToString();
    }

    private void Container(ContainerSettings container)
    {
        if (container is { Ipc: null, ShmSize: null, Memory: null, Ulimits.Count: 0 })
        {
            return;
        }

        Section("container");
        Entry(1, "ipc", container.Ipc);
        Entry(1, "shmSize", container.ShmSize);
        Entry(1, "memory", container.Memory);
        if (container.Ulimits.Count > 0)
        {
            Line(1, "ulimits:", null, []);
            foreach ((string name, string value) in container.Ulimits)
            {
                Line(2, $"{YamlScalar.Of(name)}: {YamlScalar.Of(value)}", null, []);
            }
        }
    }

    private void Systemd(SystemdSettings systemd)
    {
        if (systemd is { Scope: null, Install: false })
        {
            return;
        }

        Section("systemd");
        Entry(1, "scope", systemd.Scope);
        if (systemd.Install)
        {
            Line(1, "install: true", "starts with the machine, or with the user's session", []);
        }
    }

    private void Devices(IReadOnlyList<ConfigDevice> devices)
    {
        if (devices.Count == 0)
        {
            Reasoned(0, "devices", "[]");
            return;
        }

        Reasoned(0, "devices", string.Empty);
        foreach (ConfigDevice device in devices)
        {
            _text.Append("  - name: ").Append(YamlScalar.Of(device.Name)).Append('\n');
            Entry(2, "index", device.Index);
            Entry(2, "uuid", device.Uuid);
            if (device.Host is { } host)
            {
                Line(2, $"host: {YamlScalar.Of(host)}", null, []);
            }
        }
    }

    private void Options(OptionSet options)
    {
        if (options.Values.Count == 0)
        {
            return;
        }

        Section("options");
        foreach ((string name, object value) in options.Values)
        {
            string text = value switch
            {
                string word => YamlScalar.Of(word),
                IReadOnlyList<double> list => "[" + string.Join(", ", list.Select(Number)) + "]",
                _ => EngineOption.Format(value),
            };
            Reasoned(1, name, text);
        }
    }

    private void Arguments(IReadOnlyList<string> arguments)
    {
        if (arguments.Count > 0)
        {
            _text.Append("extraArguments:\n");
            foreach (string argument in arguments)
            {
                _text.Append("  - ").Append(YamlScalar.Of(argument)).Append('\n');
            }
        }
    }

    private void Environment(IReadOnlyDictionary<string, string> environment)
    {
        if (environment.Count > 0)
        {
            Reasoned(0, "environment", string.Empty);
            foreach ((string name, string value) in environment)
            {
                Decision? decision = _decisions.GetValueOrDefault(name);
                Line(1, $"{YamlScalar.Of(name)}: {YamlScalar.Of(value)}", decision?.Reason, decision?.Alternatives ?? []);
            }
        }
    }

    private void Plan(MemoryPlan? plan)
    {
        if (plan is null)
        {
            return;
        }

        Section("plan");
        Line(1, $"source: {YamlScalar.Of(plan.Source)}", plan.Source == "engine" ? "the engine's own estimator said so" : "computed by LlmOps", []);
        if (plan.Devices.Count > 0)
        {
            _text.Append("  devices:\n");
        }

        foreach (DeviceMemory device in plan.Devices)
        {
            _text.Append("    - name: ").Append(YamlScalar.Of(device.Name)).Append('\n');
            Line(3, $"layers: {Number(device.Layers)}", null, []);
            Size(3, "totalBytes", device.TotalBytes);
            Size(3, "weightsBytes", device.WeightsBytes);
            Size(3, "kvCacheBytes", device.KvCacheBytes);
            Size(3, "recurrentBytes", device.RecurrentBytes);
            Size(3, "computeBytes", device.ComputeBytes);
            Used(3, "projectorBytes", device.ProjectorBytes);
            Used(3, "draftBytes", device.DraftBytes);
            Size(3, "overheadBytes", device.OverheadBytes);
            Size(3, "freeAfterBytes", device.FreeAfterBytes);
            Size(3, "computedBytes", device.ComputedBytes);
        }

        Pool(plan.Pool);
        _text.Append("  host:\n");
        Size(2, "totalBytes", plan.Host.TotalBytes);
        Size(2, "weightsBytes", plan.Host.WeightsBytes);
        Size(2, "kvCacheBytes", plan.Host.KvCacheBytes);
        Size(2, "recurrentBytes", plan.Host.RecurrentBytes);
        Size(2, "computeBytes", plan.Host.ComputeBytes);
        Used(2, "outputBytes", plan.Host.OutputBytes);
        Used(2, "projectorBytes", plan.Host.ProjectorBytes);
        Used(2, "draftBytes", plan.Host.DraftBytes);
        Used(2, "promptCacheBytes", plan.Host.PromptCacheBytes);
        Used(2, "checkpointBytes", plan.Host.CheckpointBytes);
        Used(2, "mappedBytes", plan.Host.MappedBytes);
        Used(2, "lockedBytes", plan.Host.LockedBytes);
        Size(2, "freeAfterBytes", plan.Host.FreeAfterBytes);
    }

    // What most launches do not have stays out of the file.
    private void Used(int depth, string key, long bytes)
    {
        if (bytes != 0)
        {
            Size(depth, key, bytes);
        }
    }

    private void Pool(PoolPlan? pool)
    {
        if (pool is null)
        {
            return;
        }

        _text.Append("  pool:\n");
        Size(2, "bytes", pool.Bytes);
        Line(2, $"tokens: {Number(pool.Tokens)}", null, []);
        Line(2, $"fullLengthRequests: {Number(pool.FullLengthRequests)}", null, []);
        Line(2, $"blockTokens: {Number(pool.BlockTokens)}", null, []);
        Line(2, $"blocks: {Number(pool.Blocks)}", null, []);
        Line(2, $"blocksPerRequest: {Number(pool.BlocksPerRequest)}", null, []);
        Line(2, $"stateBlocksPerRequest: {Number(pool.StateBlocksPerRequest)}", null, []);
        Line(2, $"utilization: {Number(pool.Utilization)}", null, []);
        Size(2, "reserveBytes", pool.ReserveBytes);
    }

    private void Prediction(ThroughputPrediction? prediction)
    {
        if (prediction is null)
        {
            return;
        }

        Section("prediction");
        Entry(1, "decodeTokensPerSecond", prediction.DecodeTokensPerSecond);
        Entry(1, "prefillTokensPerSecond", prediction.PrefillTokensPerSecond);
        Entry(1, "rooflineDecodeTokensPerSecond", prediction.RooflineDecodeTokensPerSecond);
        Entry(1, "decodeAtFullContextTokensPerSecond", prediction.DecodeAtFullContextTokensPerSecond);
        Entry(1, "limitedBy", prediction.LimitedBy);
    }

    private void Problems(IReadOnlyList<PlanProblem> problems)
    {
        if (problems.Count == 0)
        {
            return;
        }

        Section("problems");
        foreach (PlanProblem problem in problems)
        {
            _text.Append("  - message: ").Append(YamlScalar.Of(problem.Message)).Append('\n');
            Entry(2, "remedy", problem.Remedy);
        }
    }

    private void Section(string name) => _text.Append(name).Append(":\n");

    private void Size(int depth, string name, long? bytes)
    {
        if (bytes is { } value)
        {
            Line(depth, $"{name}: {Number(value)}", value == 0 ? null : Bytes.Format(value), []);
        }
    }

    private void Entry(int depth, string name, object? value)
    {
        if (value is not null)
        {
            Reasoned(depth, name, value is string text ? YamlScalar.Of(text) : Number(value));
        }
    }

    private void Reasoned(int depth, string name, string value)
    {
        Decision? decision = _decisions.GetValueOrDefault(name);
        string entry = value.Length == 0 ? $"{name}:" : $"{name}: {value}";
        Line(depth, entry, decision is null ? null : (decision.Pinned ? "pinned: " : "") + decision.Reason, decision?.Alternatives ?? []);
    }

    /// <summary>One line and its comment: beside it when there is room, else above it, wrapped.</summary>
    private void Line(int depth, string entry, string? comment, IReadOnlyList<string> rejected)
    {
        string indent = new(' ', depth * 2);
        string line = indent + entry;
        foreach (string alternative in rejected)
        {
            _text.Append(indent).Append("# rejected: ").Append(OneLine(alternative)).Append('\n');
        }

        if (comment is null)
        {
            _text.Append(line).Append('\n');
            return;
        }

        comment = OneLine(comment);
        string padded = line.PadRight(CommentColumn - 2);
        if (padded.Length + 4 + comment.Length <= WidestLine)
        {
            _text.Append(padded).Append("  # ").Append(comment).Append('\n');
            return;
        }

        foreach (string part in Wrap(comment, WidestLine - indent.Length - 2))
        {
            _text.Append(indent).Append("# ").Append(part).Append('\n');
        }

        _text.Append(line).Append('\n');
    }

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");

    private static IEnumerable<string> Wrap(string text, int width)
    {
        StringBuilder line = new();
        foreach (string word in text.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line.ToString();
                line.Clear();
            }

            line.Append(line.Length > 0 ? " " : "").Append(word);
        }

        yield return line.ToString();
    }

    private static string Number(object number) => ((IFormattable)number).ToString(null, CultureInfo.InvariantCulture);

    private static string Number(double number) => number.ToString("R", CultureInfo.InvariantCulture);
}
