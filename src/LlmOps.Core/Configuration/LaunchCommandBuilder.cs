using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;

namespace LlmOps.Configuration;

/// <summary>Turns a configuration into the command that the engine at hand accepts.</summary>
public static class LaunchCommandBuilder
{
    /// <summary>The command for <paramref name="config"/>.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="engine">The binary that will run; null renders for the newest known version and names it <c>llama-server</c>.</param>
    /// <exception cref="EngineOptionException">The binary cannot be told an option.</exception>
    public static LaunchCommand Build(ServerConfig config, EngineCapabilities? engine)
    {
        List<string> arguments = ["--model", config.Model];
        if (config.Alias is { } alias)
        {
            arguments.AddRange(["--alias", alias]);
        }

        // Always said: the engine's own default port differs between versions.
        arguments.AddRange(["--host", config.Endpoint.Host, "--port", EngineOption.Format((long)config.Endpoint.Port)]);
        if (config.Endpoint.ApiKeyFile is { } keyFile)
        {
            arguments.AddRange(["--api-key-file", keyFile]);
        }

        arguments.AddRange(Devices(config, engine));
        arguments.AddRange(LlamaCppCommandLine.Render(config.Options, engine));
        arguments.AddRange(Verbosity(config, engine));
        arguments.AddRange(config.ExtraArguments);
        RefuseUnknownExtras(config, engine);
        return new LaunchCommand(config.EnginePath ?? engine?.Path ?? "llama-server", arguments, new Dictionary<string, string>(config.Environment));
    }

    // What was loaded where, which a start is held against, newer builds tell only at the level "trace". It costs a few lines a request.
    private static string[] Verbosity(ServerConfig config, EngineCapabilities? engine)
    {
        bool needed = engine?.Find("--verbosity") is { } flag
            && flag.Help.Contains("4: trace", StringComparison.Ordinal)
            && !config.ExtraArguments.Any(argument => argument.Split('=')[0] is var given && (flag.Names.Contains(given) || given is "-v" or "--verbose" or "--log-verbose"));
        return needed ? ["--verbosity", "4"] : [];
    }

    // CUDA and ROCm devices are selected by UUID in the environment and are then numbered from 0; others by the engine's own flag.
    private static string[] Devices(ServerConfig config, EngineCapabilities? engine)
    {
        if (engine is not null && engine.Find("--device") is null)
        {
            return [];
        }

        bool engineHasDevices = engine is null || engine.Devices.Count > 0;
        return config.Devices.Count > 0 ? ["--device", string.Join(',', config.Devices.Select(device => device.Name))]
            : engine is not null && engineHasDevices ? ["--device", "none"]
            : [];
    }

    private static void RefuseUnknownExtras(ServerConfig config, EngineCapabilities? engine)
    {
        foreach (string argument in config.ExtraArguments)
        {
            string flag = argument.Split('=')[0];
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
