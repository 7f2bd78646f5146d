using System.Text;
using LlmOps.Engines;
using LlmOps.Planning.Distributed;
using LlmOps.Processes;
using LlmOps.Servers;
using LlmOps.Servers.Docker;

namespace LlmOps.Configuration.Export;

/// <summary>Writes configurations in the forms of the tools that people run servers with. Nothing is started, and no secret is written: keys stay in their files.</summary>
/// <remarks>To add a form: name it in <see cref="ConfigFormat"/>, write a class beside this one, and add its line to <see cref="Render"/> and <see cref="FileName"/>.</remarks>
public static class ConfigExport
{
    private const UnixFileMode Executable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>Whether one file of this form holds several servers.</summary>
    public static bool HoldsSeveral(ConfigFormat format) => format is ConfigFormat.Compose or ConfigFormat.Kubernetes or ConfigFormat.LlamaSwap or ConfigFormat.PresetIni;

    /// <summary>What a file of this form is usually called.</summary>
    public static string FileName(ConfigFormat format, ServerConfig config) => format switch
    {
        ConfigFormat.Bash => $"{config.Name}.sh",
        ConfigFormat.PowerShell => $"{config.Name}.ps1",
        ConfigFormat.DockerRun => $"{config.Name}.docker.sh",
        ConfigFormat.Compose => "compose.yaml",
        ConfigFormat.Systemd => Servers.Systemd.UnitText.UnitName(config.Name),
        ConfigFormat.Kubernetes => "kubernetes.yaml",
        ConfigFormat.LlamaSwap => "llama-swap.yaml",
        ConfigFormat.PresetIni => "models.ini",
        _ => $"{config.Name}.yaml",
    };

    /// <summary>The text, for the engines of this machine where they are here, else for the newest versions known.</summary>
    /// <param name="format">The form.</param>
    /// <param name="configs">The configurations; more than one only where <see cref="HoldsSeveral"/>.</param>
    /// <param name="cancellationToken">Ends the search for engines.</param>
    /// <exception cref="LlmOpsException">The form cannot say what a configuration wants, or a secret would be written.</exception>
    public static async Task<string> WriteAsync(ConfigFormat format, IReadOnlyList<ServerConfig> configs, CancellationToken cancellationToken)
    {
        List<ExportedServer> servers = [];
        foreach (ServerConfig config in configs)
        {
            servers.Add(new ExportedServer(config, await EngineAsync(format, config, cancellationToken).ConfigureAwait(false)));
        }

        return Render(format, servers);
    }

    /// <summary>Writes a file, whole or not at all; scripts may be executed.</summary>
    public static void Save(ConfigFormat format, string text, string path)
    {
        string full = Path.GetFullPath(path);
        string draft = $"{full}.{Environment.ProcessId}.tmp";
        File.WriteAllText(draft, text, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        if (!OperatingSystem.IsWindows() && format is ConfigFormat.Bash or ConfigFormat.PowerShell or ConfigFormat.DockerRun)
        {
            File.SetUnixFileMode(draft, File.GetUnixFileMode(draft) | Executable);
        }

        File.Move(draft, full, overwrite: true);
    }

    /// <summary>The text.</summary>
    internal static string Render(ConfigFormat format, IReadOnlyList<ExportedServer> servers)
    {
        foreach (ExportedServer server in servers)
        {
            StartChecks.RequireNoSecrets(server.Config, new LaunchCommand(string.Empty, server.Config.ExtraArguments, server.Config.Environment));
            RequireOneMachine(format, server.Config);
        }

        if (servers.Select(server => server.Config.Name).GroupBy(name => name, StringComparer.Ordinal).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            throw new LlmOpsException($"{twice.Count()} servers are called '{twice.Key}'; give them names of their own", "NameTwice");
        }

        ExportedServer first = servers[0];
        return format switch
        {
            ConfigFormat.Bash when first.Config.Cluster is not null => ClusterScript.Of(first.Config, first.Engine),
            ConfigFormat.Bash => BashScript.Of(first, ServerLaunch.Render(first.Config, first.Engine, isThisMachine: false)),
            ConfigFormat.PowerShell => PowerShellScript.Of(first, ServerLaunch.Render(first.Config, first.Engine, isThisMachine: false)),
            ConfigFormat.DockerRun => BashScript.Of(first, DockerRuntime.Render(first.Config, first.Engine, isThisMachine: false)),
            ConfigFormat.Compose => ComposeFile.Of(servers),
            ConfigFormat.Systemd => SystemdUnit.Of(first),
            ConfigFormat.Kubernetes => KubernetesManifest.Of(servers),
            ConfigFormat.LlamaSwap => LlamaSwapFile.Of(servers),
            ConfigFormat.PresetIni => PresetIni.Of(servers),
            _ => ServerConfigFile.ToYaml(first.Config),
        };
    }

    private static void RequireOneMachine(ConfigFormat format, ServerConfig config)
    {
        if (config.Cluster is null || format is ConfigFormat.Yaml or ConfigFormat.Bash)
        {
            return;
        }

        if (format != ConfigFormat.Kubernetes)
        {
            throw new LlmOpsException($"'{config.Name}' is for several machines, which {format} cannot say; choose Bash, or Kubernetes for vLLM", "NotForOneMachine");
        }
    }

    private static Task<EngineCapabilities?> EngineAsync(ConfigFormat format, ServerConfig config, CancellationToken cancellationToken)
    {
        bool isContainer = format is ConfigFormat.DockerRun or ConfigFormat.Compose or ConfigFormat.Kubernetes
            || (format is ConfigFormat.Bash or ConfigFormat.PowerShell && config.Runtime == RuntimeNames.Docker);
        EngineLocatorOptions places = new() { Engine = config.Engine };
        bool isElsewhere = config.Cluster is not null
            || (config.EnginePath is { } path && !File.Exists(path) && ExecutableFinder.Find(path) is null && KnownEngines.Require(config.Engine).FindProgram(path, places) is null);
        return format == ConfigFormat.Yaml || isElsewhere ? Task.FromResult<EngineCapabilities?>(null)
            : isContainer ? DockerRuntime.FindEngineAsync(ContainerImages.For(config), cancellationToken)
            : new EngineLocator(places).FindBestAsync(config.EnginePath, cancellationToken);
    }
}
