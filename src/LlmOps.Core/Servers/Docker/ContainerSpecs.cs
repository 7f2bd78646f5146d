using System.Globalization;
using System.Net;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;

namespace LlmOps.Servers.Docker;

/// <summary>Turns a configuration into the container that runs it.</summary>
internal static class ContainerSpecs
{
    /// <summary>The label that carries the server's name; a container that has it is ours.</summary>
    public const string NameLabel = "llmops.server";

    /// <summary>The label with the folder of the registry it was started from.</summary>
    public const string RegistryLabel = "llmops.registry";

    /// <summary>The label that tells one start from others of the same name.</summary>
    public const string InstanceLabel = "llmops.instance";

    /// <summary>The label with the configuration as YAML.</summary>
    public const string ConfigLabel = "llmops.config";

    /// <summary>The label with the time of the start.</summary>
    public const string StartedLabel = "llmops.started";

    // The images' own health check asks this port.
    private const int EnginePort = 8080;

    /// <summary>The container's name for a server's.</summary>
    public static string ContainerName(string server) => $"llmops-{server}";

    /// <summary>The container of <paramref name="config"/>.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="engine">What the image accepts; null for the newest version known.</param>
    /// <param name="cdi">The names that the machine's Container Device Interface has for GPUs; none where it has no such.</param>
    /// <exception cref="LlmOpsException">The image cannot be told an option, or the address is none that docker can publish on.</exception>
    public static ContainerSpec Of(ServerConfig config, EngineCapabilities? engine, CdiDevices cdi)
    {
        IEngine kind = KnownEngines.Require(config.Engine);
        ContainerPaths paths = new(config.Model);
        string model = paths.OfModel();
        ServerConfig inside = config with
        {
            EnginePath = null,
            Model = model,
            Endpoint = config.Endpoint with
            {
                Host = "0.0.0.0", // Of the container, whose only way in is the published port.
                Port = EnginePort,
                // An engine that takes the key from its environment needs no file inside.
                ApiKeyFile = config.Endpoint.ApiKeyFile is { } keyFile ? (kind.ApiKeyVariable is null ? paths.OfKeyFile(keyFile) : keyFile) : null,
            },
            Options = Inside(config.Options, paths),
            ExtraArguments = [.. config.ExtraArguments.Select(paths.OfArgument)],
        };
        LaunchCommand command = LaunchCommandBuilder.Build(inside, engine);
        string[] gpus = [.. config.Devices.Where(IsNvidia).Select(device => device.Uuid ?? device.Index?.ToString(CultureInfo.InvariantCulture) ?? device.Name["CUDA".Length..])];
        bool needsRocm = config.Devices.Any(device => device.Name.StartsWith("ROCm", StringComparison.Ordinal));
        bool needsRender = config.Devices.Any(device => !IsNvidia(device)) && (needsRocm || Directory.Exists("/dev/dri"));
        Dictionary<string, string> ulimits = new(config.Container.Ulimits);
        if (config.Options.Get(LlamaCppOptions.MemoryLock))
        {
            // Docker's default is 64 KiB, and then the engine warns and locks nothing.
            ulimits.TryAdd("memlock", "-1");
        }

        return new ContainerSpec
        {
            Name = ContainerName(config.Name),
            Image = ContainerImages.For(config),
            Labels = new Dictionary<string, string> { [NameLabel] = config.Name },
            Gpus = gpus,
            UsesCdi = gpus.Length > 0 && gpus.All(cdi.Has),
            DeviceNodes = [.. needsRocm ? ["/dev/kfd"] : Array.Empty<string>(), .. needsRender ? ["/dev/dri"] : Array.Empty<string>()],
            Groups = needsRocm ? ["video"] : [],
            Mounts = paths.Mounts,
            HostAddress = PublishAddress(config),
            HostPort = config.Endpoint.Port,
            ContainerPort = EnginePort,
            Environment = command.Environment,
            SecretFiles = command.SecretFiles,
            Ipc = config.Container.Ipc,
            ShmSize = config.Container.ShmSize ?? (config.Container.Ipc == "host" ? null : kind.SharedMemorySize(config.Options)),
            Memory = config.Container.Memory,
            Ulimits = ulimits,
            Restart = config.Restart switch
            {
                { Mode: RestartMode.Always } => "unless-stopped",
                { Mode: RestartMode.OnFailure, MaxRestarts: > 0 and var most } => string.Create(CultureInfo.InvariantCulture, $"on-failure:{most}"),
                _ => "no",
            },
            Arguments = [.. command.Arguments.Skip(kind.ImageEntryWords)],
        };
    }

    // Every text option that is a whole path names a file: template, projector, draft model.
    private static OptionSet Inside(OptionSet options, ContainerPaths paths)
    {
        foreach ((string name, object value) in options.Values)
        {
            if (value is string text && Path.IsPathRooted(text))
            {
                options = options.With(name, paths.OfFile(text));
            }
        }

        return options;
    }

    private static bool IsNvidia(ConfigDevice device) => device.Name.StartsWith("CUDA", StringComparison.Ordinal);

    private static string PublishAddress(ServerConfig config) => config.Endpoint.Host.Trim('[', ']') switch
    {
        "localhost" => "127.0.0.1",
        "*" => "0.0.0.0",
        var host when IPAddress.TryParse(host, out _) => host,
        var host => throw new LlmOpsException(
            $"Server '{config.Name}' cannot publish on '{host}': docker publishes on addresses, not on names; use 127.0.0.1, 0.0.0.0 or one of this machine's addresses.", "HostNotAddress"),
    };
}
