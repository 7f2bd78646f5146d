using LlmOps.Engines;

namespace LlmOps.Configuration;

/// <summary>Turns a configuration into the command that the engine at hand accepts.</summary>
public static class LaunchCommandBuilder
{
    /// <summary>The command for <paramref name="config"/>.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="engine">The binary that will run; null renders for the newest known version and calls it by its usual name.</param>
    /// <exception cref="EngineOptionException">The binary cannot be told an option.</exception>
    public static LaunchCommand Build(ServerConfig config, EngineCapabilities? engine)
    {
        EngineLaunch launch = new()
        {
            Path = config.EnginePath,
            Model = config.Model,
            Alias = config.Alias,
            Host = config.Endpoint.Host,
            Port = config.Endpoint.Port,
            ApiKeyFile = config.Endpoint.ApiKeyFile,
            Devices = [.. config.Devices.Select(device => device.Name)],
            Options = config.Options,
            ExtraArguments = config.ExtraArguments,
            Environment = config.Environment,
        };
        LaunchCommand command = KnownEngines.Require(config.Engine).Render(launch, engine);
        RefuseUnknownExtras(config, engine);
        return command;
    }

    private static void RefuseUnknownExtras(ServerConfig config, EngineCapabilities? engine)
    {
        foreach (string argument in config.ExtraArguments)
        {
            // Dotted names reach into a flag that takes an object: --compilation-config.mode.
            string flag = argument.Split('=')[0].Split('.')[0].TrimEnd('+');
            if (engine is not null && flag.StartsWith("--", StringComparison.Ordinal) && engine.Find(flag) is null)
            {
                string? meant = Spelling.Nearest(flag, engine.Flags.SelectMany(known => known.Names).Where(name => name.StartsWith("--", StringComparison.Ordinal)));
                throw new LlmOpsException(
                    $"{engine.Engine} {engine.Version ?? "of unknown version"} at {engine.Path} has no flag {flag}; {(meant is null ? "remove it or use a build that has it" : $"did you mean {meant}?")}",
                    "EngineFlagUnknown");
            }
        }
    }
}
