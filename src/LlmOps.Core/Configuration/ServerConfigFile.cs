using System.Text;

namespace LlmOps.Configuration;

/// <summary>Server configurations as YAML files that people read and edit.</summary>
public static class ServerConfigFile
{
    /// <summary>Reads a configuration; relative paths in it are meant from the file's own folder.</summary>
    /// <exception cref="ConfigException">The file holds something else; the message has line and column.</exception>
    /// <exception cref="LlmOpsException">The file is missing or cannot be read.</exception>
    public static ServerConfig Read(string path)
    {
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception problem) when (problem is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new LlmOpsException($"the configuration {path} does not exist; name a YAML file that 'llmops plan' or Export-LlmServerConfig wrote", "ConfigNotFound", problem) { Kind = ErrorKind.NotFound };
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new LlmOpsException($"the configuration {path} cannot be read: {problem.Message}", "ConfigUnreadable", problem);
        }

        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        return ConfigYamlReader.Read(text, path, folder);
    }

    /// <summary>Reads a configuration from text; paths stay as they are.</summary>
    /// <param name="yaml">The text.</param>
    /// <param name="origin">What to call it in errors.</param>
    public static ServerConfig Parse(string yaml, string origin) => ConfigYamlReader.Read(yaml, origin, folder: null);

    /// <summary>The configuration as YAML, each computed value with its reason beside it.</summary>
    public static string ToYaml(ServerConfig config) => new ConfigYamlWriter().Write(config);

    /// <summary>Writes the configuration, whole or not at all.</summary>
    public static void Save(ServerConfig config, string path)
    {
        string full = Path.GetFullPath(path);
        string draft = $"{full}.{Environment.ProcessId}.tmp";
        File.WriteAllText(draft, ToYaml(config), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        File.Move(draft, full, overwrite: true);
    }
}
