using LlmOps.Configuration;

namespace LlmOps.Servers;

/// <summary>The ways to run engines, by the names that configurations use.</summary>
internal static class ServerRuntimes
{
    private static readonly ProcessRuntime s_process = new(null);

    /// <summary>The runtime of that name, to start a server with.</summary>
    /// <param name="config">The configuration that names it.</param>
    /// <param name="supervisor">What supervises processes.</param>
    /// <exception cref="LlmOpsException">There is none of that name; id <c>RuntimeNotSupported</c>.</exception>
    public static IServerRuntime Require(ServerConfig config, SupervisorCommand supervisor) => config.Runtime switch
    {
        ProcessRuntime.RuntimeName => new ProcessRuntime(supervisor),
        _ => throw new LlmOpsException(
            $"Server '{config.Name}' wants the runtime '{config.Runtime}', which cannot be started yet; use 'process'.", "RuntimeNotSupported"),
    };

    /// <summary>The runtime of a server that was started earlier.</summary>
    public static IServerRuntime Of(string? name) => name switch
    {
        // A damaged record names none; processes are found by their marks even so.
        _ => s_process,
    };
}
