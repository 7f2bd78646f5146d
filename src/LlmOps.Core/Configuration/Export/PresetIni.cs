using System.Text;
using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;

namespace LlmOps.Configuration.Export;

/// <summary>Servers as presets of one llama-server that loads models when they are asked for (<c>--models-preset</c>).</summary>
/// <remarks>
/// Source: ggml-org/llama.cpp <c>common/preset.cpp</c>: keys are long flags without dashes, a value ends at ';', '#' or the line's end, and there is no way to
/// quote; address, port, key and name of a model are the router's (<c>tools/server/README.md</c>, "Model presets").
/// </remarks>
internal static class PresetIni
{
    private static readonly string[] s_routers = ["--host", "--port", "--alias", "--api-key-file"];

    /// <summary>The file.</summary>
    public static string Of(IReadOnlyList<ExportedServer> servers)
    {
        ServerEndpoint endpoint = servers[0].Config.Endpoint;
        LaunchCommand[] commands = [.. servers.Select(Command)];
        IReadOnlyDictionary<string, string> environment = commands[0].Environment;
        if (Array.Find(commands, command => command.Environment.Count != environment.Count || command.Environment.Except(environment).Any()) is not null)
        {
            throw new LlmOpsException("these servers differ in their environment, which one llama-server cannot give its models; write a file for each", "PresetCannotSay");
        }

        string file = commands[0].File;
        LaunchCommand router = new(
            file,
            ["--models-preset", "FILE", "--host", endpoint.Host, "--port", EngineOption.Format((long)endpoint.Port), .. endpoint.ApiKeyFile is { } key ? ["--api-key-file", key] : Array.Empty<string>()],
            environment);
        StringBuilder text = new();
        text.Append("# Start it with:\n#   ").Append(ExportedServer.OneLine(ShellText.Line(router))).Append("\nversion = 1\n");
        HashSet<string> names = [];
        for (int at = 0; at < servers.Count; at++)
        {
            ServerConfig config = servers[at].Config;
            string name = config.Alias ?? config.Name;
            if (!names.Add(name) || name == "*" || name != name.Trim() || name.Any(letter => letter is ']' or '\n' or '\r'))
            {
                throw new LlmOpsException($"'{ExportedServer.OneLine(name)}' of server '{config.Name}' cannot name a preset; give it another alias", "PresetCannotSay");
            }

            text.Append("\n# ").Append(servers[at].Title).Append("\n[").Append(name).Append("]\n");
            foreach ((string flag, string value) in Settings(config, commands[at], servers[at].Engine))
            {
                text.Append(flag).Append(" = ").Append(value).Append('\n');
            }
        }

        return text.ToString();
    }

    private static LaunchCommand Command(ExportedServer server)
    {
        if (server.Config.Engine != EngineNames.LlamaCpp)
        {
            throw new LlmOpsException($"presets are llama-server's, and server '{server.Config.Name}' runs {server.Config.Engine}; choose another form", "PresetCannotSay");
        }

        return server.Engine is { } engine && engine.Find("--models-preset") is null
            ? throw new LlmOpsException($"llama.cpp {engine.Version ?? "of unknown version"} at {engine.Path} reads no presets; install a newer one", "PresetCannotSay")
            : LaunchCommandBuilder.Build(server.AsProcess, server.Engine);
    }

    private static IEnumerable<(string Key, string Value)> Settings(ServerConfig config, LaunchCommand command, EngineCapabilities? engine)
    {
        HashSet<string> seen = [];
        string[] words = [.. command.Arguments];
        for (int at = 0; at < words.Length; at++)
        {
            string[] parts = words[at].Split('=', 2);
            bool takesValue = engine?.Find(parts[0])?.TakesValue ?? KnownFlags.Find(parts[0])?.TakesValue ?? (at + 1 < words.Length && !words[at + 1].StartsWith('-'));
            string value = parts.Length == 2 ? parts[1] : takesValue && at + 1 < words.Length ? words[++at] : "true";
            if (s_routers.Contains(parts[0]))
            {
                continue;
            }

            string key = parts[0].TrimStart('-');
            if (!parts[0].StartsWith('-') || !seen.Add(key))
            {
                throw Cannot(config, words[at], "is said twice or is no flag");
            }

            if (value.Any(letter => letter is ';' or '#' or '\n' or '\r') || value != value.Trim())
            {
                throw Cannot(config, $"{parts[0]} {value}", "has a sign that ends a value there");
            }

            yield return (key, value);
        }
    }

    private static LlmOpsException Cannot(ServerConfig config, string what, string why) =>
        new($"a preset cannot say '{ExportedServer.OneLine(what)}' of server '{config.Name}': it {why}; choose another form", "PresetCannotSay");
}
