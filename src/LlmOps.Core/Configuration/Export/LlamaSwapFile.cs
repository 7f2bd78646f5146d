using System.Text;
using LlmOps.Engines;

namespace LlmOps.Configuration.Export;

/// <summary>Servers as a configuration of llama-swap, which starts one when its model is asked for.</summary>
/// <remarks>
/// Source: mostlygeek/llama-swap <c>config-schema.json</c>, <c>internal/config/commands.go</c> (comments and line ends are taken off before the words are split
/// as a shell does) and <c>macros.go</c> (<c>${NAME}</c> is a macro wherever it stands).
/// </remarks>
internal static class LlamaSwapFile
{
    // llama-swap knows only the whole time that a start may take, not whether anything happens in it.
    private const int LongestStartSeconds = 3600;

    private const string Port = "${PORT}";

    /// <summary>The file.</summary>
    public static string Of(IReadOnlyList<ExportedServer> servers)
    {
        StringBuilder text = new();
        YamlMap models = [];

        // llama-swap refuses a file in which one name means two models.
        Dictionary<string, string> names = servers.ToDictionary(server => server.Config.Name, server => server.Config.Name, StringComparer.Ordinal);
        foreach (ExportedServer server in servers)
        {
            ServerConfig config = server.AsProcess with { Endpoint = server.Config.Endpoint with { Host = "127.0.0.1" } };
            LaunchCommand command = LaunchCommandBuilder.Build(config, server.Engine);
            text.Append("# ").Append(server.Title).Append('\n');
            foreach ((_, string file) in command.SecretFiles ?? new Dictionary<string, string>())
            {
                text.Append("#   llama-swap needs: export ").Append(server.KeyVariable).Append("=\"$(head -n 1 ").Append(ExportedServer.OneLine(ShellText.Quote(file))).Append(")\"\n");
            }

            bool hasAlias = config.Alias is { } alias && alias != config.Name && names.TryAdd(alias, config.Name);
            if (config.Alias is { } shared && names[shared] != config.Name)
            {
                text.Append("#   asked for by its name '").Append(config.Name).Append("': '").Append(ExportedServer.OneLine(shared)).Append("' is '").Append(names[shared]).Append("'\n");
            }

            models.Add(Literal(config, config.Name), new YamlMap
            {
                { "cmd", new YamlLines([.. Lines(config, command)]) },
                { "proxy", $"http://127.0.0.1:{Port}" },
                { "checkEndpoint", config.Health.Path },
                { "aliases", hasAlias ? new object[] { Literal(config, config.Alias!) } : null },
                { "env", Variables(server, config, command) },
            });
        }

        return text.Append(YamlTree.Write(new YamlMap { { "healthCheckTimeout", LongestStartSeconds }, { "models", models } })).ToString();
    }

    private static IEnumerable<string> Lines(ServerConfig config, LaunchCommand command)
    {
        string[] words = [command.File, .. command.Arguments];
        for (int at = 0; at < words.Length; at++)
        {
            string line = Word(config, words[at]);
            if (at > 0 && words[at].StartsWith('-') && at + 1 < words.Length && !words[at + 1].StartsWith('-'))
            {
                at++;
                line += " " + (words[at - 1] == "--port" ? Port : Word(config, words[at]));
            }

            yield return at == 0 ? line : "  " + line;
        }
    }

    private static string Word(ServerConfig config, string word)
    {
        if (word.Any(char.IsControl))
        {
            throw new LlmOpsException($"llama-swap cannot be told '{ExportedServer.OneLine(word)}' of server '{config.Name}', which has control characters; rename the file or remove the argument", "LlamaSwapCannotSay");
        }

        // Two quoted parts are one word again, but no longer a macro.
        return ShellText.Quote(word).Replace("${", "$''{", StringComparison.Ordinal);
    }

    private static object[] Variables(ExportedServer server, ServerConfig config, LaunchCommand command) =>
    [
        .. command.Environment.OrderBy(variable => variable.Key, StringComparer.Ordinal).Select(variable => Literal(config, $"{variable.Key}={variable.Value}")),
        .. (command.SecretFiles?.Keys ?? []).Select(name => $"{name}=${{env.{server.KeyVariable}}}"),
    ];

    private static string Literal(ServerConfig config, string text) => text.Contains("${", StringComparison.Ordinal)
        ? throw new LlmOpsException($"llama-swap takes '${{' for a macro and has no way to write it, as '{ExportedServer.OneLine(text)}' of server '{config.Name}' needs", "LlamaSwapCannotSay")
        : text;
}
