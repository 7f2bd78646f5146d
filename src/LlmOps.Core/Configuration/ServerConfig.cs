using System.Globalization;
using LlmOps.Engines;
using LlmOps.Planning;

namespace LlmOps.Configuration;

/// <summary>A launch configuration: what to run, where, how, and why each value is what it is. Round-trips through YAML.</summary>
public sealed record ServerConfig
{
    /// <summary>The server's name: letters, digits, dot, dash and underscore.</summary>
    public required string Name { get; init; }

    /// <summary>The engine: one of <see cref="EngineNames"/>.</summary>
    public string Engine { get; init; } = EngineNames.LlamaCpp;

    /// <summary>Path of the engine's binary; null for the one found when the server starts.</summary>
    public string? EnginePath { get; init; }

    /// <summary>How the engine runs: one of <see cref="RuntimeNames"/>.</summary>
    public string Runtime { get; init; } = RuntimeNames.Process;

    /// <summary>The container image for the runtime <c>docker</c>; null for llama.cpp's own one that fits the devices.</summary>
    public string? Image { get; init; }

    /// <summary>What else docker is told.</summary>
    public ContainerSettings Container { get; init; } = new();

    /// <summary>What systemd is told.</summary>
    public SystemdSettings Systemd { get; init; } = new();

    /// <summary>Path of the model file or folder.</summary>
    public required string Model { get; init; }

    /// <summary>The name that clients use for the model; null for the engine's own choice.</summary>
    public string? Alias { get; init; }

    /// <summary>GPUs to use, in the order given to the engine; empty for none.</summary>
    public IReadOnlyList<ConfigDevice> Devices { get; init; } = [];

    /// <summary>Engine options by their names in the option table, as intents: what is wanted, not how a version spells it.</summary>
    public OptionSet Options { get; init; } = OptionSet.Empty;

    /// <summary>Arguments passed on as they are, after all others.</summary>
    public IReadOnlyList<string> ExtraArguments { get; init; } = [];

    /// <summary>Environment variables for the engine. Never secrets: keys travel by file.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Where the server listens.</summary>
    public ServerEndpoint Endpoint { get; init; } = new();

    /// <summary>How readiness is judged.</summary>
    public HealthPolicy Health { get; init; } = new();

    /// <summary>How its log is kept.</summary>
    public LogPolicy Log { get; init; } = new();

    /// <summary>What happens when the server ends by itself.</summary>
    public RestartPolicy Restart { get; init; } = new();

    /// <summary>The machines that serve it together, this one first; null for one machine alone.</summary>
    public ClusterSettings? Cluster { get; init; }

    /// <summary>What it will use, by device; null when the file does not carry it.</summary>
    public MemoryPlan? Plan { get; init; }

    /// <summary>What it should deliver; null when nothing could be predicted.</summary>
    public ThroughputPrediction? Prediction { get; init; }

    /// <summary>Why each value is what it is.</summary>
    public IReadOnlyList<Decision> Decisions { get; init; } = [];

    /// <summary>What stands in the way; empty for a plan that can start.</summary>
    public IReadOnlyList<PlanProblem> Problems { get; init; } = [];
}

/// <summary>Engine names.</summary>
public static class EngineNames
{
    /// <summary>llama.cpp's llama-server.</summary>
    public const string LlamaCpp = "llama.cpp";

    /// <summary>vLLM.</summary>
    public const string Vllm = "vllm";
}

/// <summary>Runtime names.</summary>
public static class RuntimeNames
{
    /// <summary>A process under LlmOps's own supervisor.</summary>
    public const string Process = "process";

    /// <summary>A container of docker or podman.</summary>
    public const string Docker = "docker";

    /// <summary>A unit of systemd.</summary>
    public const string Systemd = "systemd";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [Process, Docker, Systemd];
}

/// <summary>What docker is told besides what follows from the rest of the configuration.</summary>
public sealed record ContainerSettings
{
    /// <summary><c>host</c> or <c>private</c>; null for docker's default. Several GPUs that talk through NCCL want <c>host</c> or a larger <see cref="ShmSize"/>.</summary>
    public string? Ipc { get; init; }

    /// <summary>Size of <c>/dev/shm</c>, <c>8g</c>; null for docker's default, 64 MiB.</summary>
    public string? ShmSize { get; init; }

    /// <summary>Main memory that it may use, <c>24g</c>; the kernel kills it when it needs more. Null for no limit of its own.</summary>
    public string? Memory { get; init; }

    /// <summary>Limits by their docker names: <c>nofile</c> → <c>65536</c>. <c>memlock</c> is lifted by itself where the plan locks memory.</summary>
    public IReadOnlyDictionary<string, string> Ulimits { get; init; } = new Dictionary<string, string>();
}

/// <summary>What systemd is told besides what follows from the rest of the configuration.</summary>
public sealed record SystemdSettings
{
    /// <summary><c>user</c> or <c>system</c>; null for the system's manager when started by root, else for the user's.</summary>
    public string? Scope { get; init; }

    /// <summary>Whether the unit is installed, so that it starts with the machine (or the user's session); otherwise it is gone after a reboot.</summary>
    public bool Install { get; init; }
}

/// <summary>A GPU that a configuration uses, by stable identity; the engine's own name for it depends on the order it is given.</summary>
public sealed record ConfigDevice
{
    /// <summary>The engine's name at planning time: <c>CUDA0</c>, <c>Vulkan1</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The topology's index.</summary>
    public int? Index { get; init; }

    /// <summary>The stable identity.</summary>
    public string? Uuid { get; init; }

    /// <summary>The machine that it is in, by its name in the cluster; null for the one that the configuration is for.</summary>
    public string? Host { get; init; }
}

/// <summary>Where a server listens.</summary>
public sealed record ServerEndpoint
{
    /// <summary>Address to listen on.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>TCP port.</summary>
    public int Port { get; init; } = 8080;

    /// <summary>A file with the API key, one a line; null for no key.</summary>
    public string? ApiKeyFile { get; init; }

    /// <summary>Whether only this machine can reach it.</summary>
    public bool IsLoopback => Host is "127.0.0.1" or "localhost" or "::1" || Host.StartsWith("127.", StringComparison.Ordinal);

    /// <summary>The base address that a client on this machine uses.</summary>
    public Uri Uri => new(Address);

    /// <summary>The same as text.</summary>
    internal string Address
    {
        get
        {
            string host = CallableHost;
            string bracketed = host.Contains(':') ? $"[{host}]" : host;
            return string.Create(CultureInfo.InvariantCulture, $"http://{bracketed}:{Port}");
        }
    }

    /// <summary>The address that a client on this machine calls, without brackets: a wildcard is not one that can be called.</summary>
    internal string CallableHost => Host switch { "0.0.0.0" or "*" => "127.0.0.1", "::" => "::1", _ => Host.Trim('[', ']') };
}

/// <summary>How readiness is judged.</summary>
public sealed record HealthPolicy
{
    /// <summary>Path that answers 200 when the server is ready.</summary>
    public string Path { get; init; } = "/health";

    /// <summary>Seconds without any sign of life (log line, processor time) after which a start counts as stalled.</summary>
    public int StallSeconds { get; init; } = 300;

    /// <summary>Seconds in which a server that was ready neither answers nor works, after which it counts as hung; 0 never.</summary>
    public int UnresponsiveSeconds { get; init; } = 120;
}

/// <summary>How a server's log is kept.</summary>
public sealed record LogPolicy
{
    /// <summary>MiB after which a new file begins.</summary>
    public int MaxFileMiB { get; init; } = 16;

    /// <summary>Files kept, with the one being written.</summary>
    public int MaxFiles { get; init; } = 3;

    /// <summary>Days after which a new file begins.</summary>
    public int MaxFileDays { get; init; } = 7;
}

/// <summary>What happens when a server ends by itself.</summary>
public sealed record RestartPolicy
{
    /// <summary>When to restart.</summary>
    public RestartMode Mode { get; init; } = RestartMode.OnFailure;

    /// <summary>Restarts in a row before giving up; a server that stays ready for ten minutes starts counting anew.</summary>
    public int MaxRestarts { get; init; } = 5;

    /// <summary>Seconds before the first restart; doubled each time, 60 at most.</summary>
    public double BackoffSeconds { get; init; } = 1;
}

/// <summary>When to restart.</summary>
public enum RestartMode
{
    /// <summary>Never.</summary>
    Never,

    /// <summary>When it ended with an error after having been ready.</summary>
    OnFailure,

    /// <summary>Whenever it ended without being asked to, once it has been ready.</summary>
    Always,
}
