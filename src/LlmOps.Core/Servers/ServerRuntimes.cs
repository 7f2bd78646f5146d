using LlmOps.Configuration;
using LlmOps.Servers.Docker;
using LlmOps.Servers.Systemd;

namespace LlmOps.Servers;

/// <summary>The ways to run engines, by the names that configurations use.</summary>
internal static class ServerRuntimes
{
    private static readonly ProcessRuntime s_process = new(null);
    private static readonly DockerRuntime s_docker = new();
    private static readonly SystemdRuntime s_systemd = new();

    /// <summary>The runtime of that name, to start a server with.</summary>
    /// <param name="config">The configuration that names it.</param>
    /// <param name="supervisor">What supervises processes.</param>
    /// <exception cref="LlmOpsException">There is none of that name; id <c>RuntimeNotSupported</c>.</exception>
    public static IServerRuntime Require(ServerConfig config, SupervisorCommand supervisor) => config.Runtime switch
    {
        RuntimeNames.Process => new ProcessRuntime(supervisor),
        RuntimeNames.Docker => s_docker,
        RuntimeNames.Systemd => s_systemd,
        _ => throw new LlmOpsException(
            $"Server '{config.Name}' wants the runtime '{config.Runtime}', which is none; use {string.Join(", ", RuntimeNames.All)}.", "RuntimeNotSupported"),
    };

    /// <summary>The runtime of a server that was started earlier.</summary>
    public static IServerRuntime Of(string? name) => name switch
    {
        RuntimeNames.Docker => s_docker,
        RuntimeNames.Systemd => s_systemd,

        // A damaged record names none; processes are found by their marks even so.
        _ => s_process,
    };

    /// <summary>Servers of ours that run although the registry has no folder of them, by name.</summary>
    public static IReadOnlyList<LlmServer> FindUnrecorded(ServerRegistry registry) =>
        [.. s_docker.FindUnrecorded(registry).Select(record => s_docker.Judge(record, registry.FolderOf(record.Name)))];

    /// <summary>Gives such a server a folder.</summary>
    public static bool Adopt(ServerRegistry registry, string name) => s_docker.Adopt(registry, name);
}
