namespace LlmOps.Servers.Docker;

/// <summary>A container that runs an engine: all that the command line of docker or podman says.</summary>
internal sealed record ContainerSpec
{
    /// <summary>The container's name.</summary>
    public required string Name { get; init; }

    public required string Image { get; init; }

    /// <summary>What marks it as ours, and lets it be found and started again without a record.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>UUIDs (or indexes) of NVIDIA GPUs, in order.</summary>
    public IReadOnlyList<string> Gpus { get; init; } = [];

    /// <summary>Whether these are asked for by their names of the Container Device Interface (<c>nvidia.com/gpu=UUID</c>).</summary>
    public bool UsesCdi { get; init; }

    /// <summary>Device nodes to pass in: <c>/dev/kfd</c>.</summary>
    public IReadOnlyList<string> DeviceNodes { get; init; } = [];

    /// <summary>Groups that may open them.</summary>
    public IReadOnlyList<string> Groups { get; init; } = [];

    public IReadOnlyList<ContainerMount> Mounts { get; init; } = [];

    /// <summary>The address of this machine at which it can be reached; IPv6 without brackets.</summary>
    public required string HostAddress { get; init; }

    public required int HostPort { get; init; }

    public required int ContainerPort { get; init; }

    /// <summary>Variables; never secrets.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Variables that are passed on from the program's own environment, where they are set from these files; so no value is an argument.</summary>
    public IReadOnlyDictionary<string, string>? SecretFiles { get; init; }

    /// <summary><c>host</c> for vLLM and NCCL with several GPUs; null for the default, which is private.</summary>
    public string? Ipc { get; init; }

    /// <summary>Size of <c>/dev/shm</c> as docker writes it, <c>8g</c>; null for the default, 64 MiB.</summary>
    public string? ShmSize { get; init; }

    /// <summary>Main memory that it may use as docker writes it, <c>24g</c>; null for no limit.</summary>
    public string? Memory { get; init; }

    /// <summary>Limits by their docker names: <c>memlock</c> → <c>-1</c>.</summary>
    public IReadOnlyDictionary<string, string> Ulimits { get; init; } = new Dictionary<string, string>();

    /// <summary><c>no</c>, <c>on-failure:5</c> or <c>unless-stopped</c>.</summary>
    public required string Restart { get; init; }

    /// <summary>The engine's arguments, in terms of the container.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];
}

/// <summary>A file or folder of this machine that a container reads.</summary>
internal sealed record ContainerMount(string Source, string Target);
