using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Servers.Docker;
using LlmOps.Servers.Systemd;

namespace LlmOps.Servers;

/// <summary>What a configuration comes to on this machine: the command, by its runtime and by the engine found.</summary>
public static class ServerLaunch
{
    /// <summary>The engine that will run, to plan for: the one in the image for docker, else the best one found.</summary>
    /// <param name="engine">One of <see cref="EngineNames"/>.</param>
    /// <param name="runtime">One of <see cref="RuntimeNames"/>.</param>
    /// <param name="image">The image; null when none is named yet.</param>
    /// <param name="enginePath">The binary; null for the best one.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <returns>Null when there is none: a plan is then for the newest version known.</returns>
    public static Task<EngineCapabilities?> FindEngineAsync(string engine, string runtime, string? image, string? enginePath, CancellationToken cancellationToken) => runtime switch
    {
        RuntimeNames.Docker when image is null || engine != EngineNames.LlamaCpp => Task.FromResult<EngineCapabilities?>(null),
        RuntimeNames.Docker => DockerRuntime.FindEngineAsync(image, cancellationToken),
        _ => new EngineLocator(new EngineLocatorOptions { Engine = engine }).FindBestAsync(enginePath, cancellationToken),
    };

    /// <summary>The command for an engine that is known already.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="engine">What will run; null for the newest version known.</param>
    /// <param name="isThisMachine">Whether it is for this machine.</param>
    /// <exception cref="LlmOpsException">The engine cannot be told an option.</exception>
    public static LaunchCommand Render(ServerConfig config, EngineCapabilities? engine, bool isThisMachine) =>
        config.Runtime == RuntimeNames.Docker && config.Cluster is null ? DockerRuntime.Render(config, engine, isThisMachine) : LaunchCommandBuilder.Build(config, engine);

    /// <summary>The command that would start <paramref name="config"/> on this machine. Starts, pulls and changes nothing.</summary>
    /// <exception cref="LlmOpsException">There is no engine, or it cannot be told an option, or Kubernetes starts it.</exception>
    public static async Task<LaunchCommand> PrepareAsync(ServerConfig config, CancellationToken cancellationToken)
    {
        if (config.Cluster is { Form: ClusterForms.Kubernetes })
        {
            throw new LlmOpsException($"'{config.Name}' is for pods in Kubernetes, not for this machine; give its manifest to kubectl: llmops plan ... --cluster kubernetes --script | kubectl apply -f -", "StartElsewhere");
        }

        return Render(config, await EngineOfAsync(config, cancellationToken).ConfigureAwait(false), isThisMachine: true);
    }

    /// <summary>The engine that runs <paramref name="config"/> on this machine; null for an image that does not say.</summary>
    /// <exception cref="LlmOpsException">There is none.</exception>
    public static async Task<EngineCapabilities?> EngineOfAsync(ServerConfig config, CancellationToken cancellationToken) => config.Runtime == RuntimeNames.Docker
        ? await DockerRuntime.FindEngineAsync(ContainerImages.For(config), cancellationToken).ConfigureAwait(false)
        : await new EngineLocator(new EngineLocatorOptions { Engine = config.Engine }).RequireAsync(config.EnginePath, cancellationToken).ConfigureAwait(false);

    /// <summary>What starting comes to, as text that a person can run: a command line, or the unit file and the command that starts it.</summary>
    public static string Describe(ServerConfig config, LaunchCommand command) =>
        config.Runtime == RuntimeNames.Systemd ? SystemdRuntime.Describe(config, command) : ShellText.Line(command);
}
