using LlmOps.Engines;

namespace LlmOps.Configuration.Export;

/// <summary>A configuration to write, and the engine that it is written for.</summary>
/// <param name="Config">The configuration.</param>
/// <param name="Engine">What will run it; null for the newest version known.</param>
internal sealed record ExportedServer(ServerConfig Config, EngineCapabilities? Engine)
{
    /// <summary>The variable that holds its API key where a key cannot be read from a file.</summary>
    public string KeyVariable => KeyVariableOf(Config.Name);

    /// <summary>What was written for whom, for a comment at the head of the file.</summary>
    public string Title => OneLine($"LlmOps server {Config.Name}: {Config.Engine} {(Engine?.Version is { } version ? version : "(newest version known)")}");

    /// <summary>The configuration as a process of its own, whatever its runtime.</summary>
    public ServerConfig AsProcess => Config with { Model = Path.Exists(Config.Model) ? Path.GetFullPath(Config.Model) : Config.Model, Runtime = RuntimeNames.Process };

    /// <summary>The variable that holds the API key of the server of that name.</summary>
    public static string KeyVariableOf(string server) => $"{Plain(server).ToUpperInvariant()}_API_KEY";

    /// <summary>Text that stays on the line of its comment.</summary>
    public static string OneLine(string text) => new([.. text.Select(letter => char.IsControl(letter) || letter is '\u2028' or '\u2029' ? ' ' : letter)]);

    /// <summary>Refuses variables whose names no shell can set.</summary>
    /// <exception cref="LlmOpsException">There is one; id <c>VariableNameInvalid</c>.</exception>
    public static void RequireShellNames(ServerConfig config, LaunchCommand command)
    {
        foreach (string name in command.Environment.Keys)
        {
            if (name.Length == 0 || char.IsAsciiDigit(name[0]) || !name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '_'))
            {
                throw new LlmOpsException($"server '{OneLine(config.Name)}' sets the variable '{OneLine(name)}', which no shell can; use letters, digits and '_'", "VariableNameInvalid");
            }
        }
    }

    private static string Plain(string name)
    {
        string plain = new([.. name.Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '_')]);
        return plain.Length > 0 && char.IsAsciiLetter(plain[0]) ? plain : $"LLM_{plain}";
    }
}
