using LlmOps.Configuration;
using LlmOps.Engines;

namespace LlmOps.Benchmarking.Sweeps;

/// <summary>A configuration with some options set to other values.</summary>
internal static class SweptConfig
{
    /// <summary>Flags that make it another server, which is not what a sweep compares.</summary>
    private static readonly string[] s_fixed = ["model", "host", "port", "alias", "served-model-name", "api-key", "api-key-file"];

    /// <summary>Sets each option; one without a row in the engine's table replaces the same flag among the extra arguments.</summary>
    /// <exception cref="LlmOpsException"><c>SweepOptionInvalid</c>: a value is none that the option takes, or the option cannot be swept.</exception>
    public static ServerConfig Of(ServerConfig config, IReadOnlyDictionary<string, string> values)
    {
        EngineOptionTable table = KnownEngines.Require(config.Engine).Options;
        foreach ((string flag, string value) in values)
        {
            if (s_fixed.Contains(flag))
            {
                throw new LlmOpsException($"--{flag} cannot be swept: it makes another server; measure two servers and compare them", "SweepOptionInvalid");
            }

            config = table.ByFlag(flag) is { } option
                ? config with { Options = config.Options.With(option.Name, Parse(option, flag, value)) }
                : config with { ExtraArguments = [.. Without(config.ExtraArguments, flag), .. value is "true" ? (string[])["--" + flag] : ["--" + flag, value]] };
        }

        return config;
    }

    private static object Parse(EngineOption option, string flag, string value) => option.TryParse(value, out object parsed)
        ? parsed
        : throw new LlmOpsException($"{flag}={value} is not possible; {flag} takes {option.Expectation}", "SweepOptionInvalid");

    private static List<string> Without(IReadOnlyList<string> arguments, string flag)
    {
        List<string> kept = [];
        for (int index = 0; index < arguments.Count; index++)
        {
            bool isJoined = arguments[index].StartsWith($"--{flag}=", StringComparison.Ordinal);
            if (arguments[index] != "--" + flag && !isJoined)
            {
                kept.Add(arguments[index]);
            }
            else if (!isJoined && index + 1 < arguments.Count && !arguments[index + 1].StartsWith('-'))
            {
                index++;
            }
        }

        return kept;
    }
}
