using System.Text;
using LlmOps.Configuration;
using LlmOps.Engines;

namespace LlmOps.Servers;

/// <summary>Writes what a server's folder holds from its start on.</summary>
internal static class ServerFiles
{
    /// <summary>The record of a start that begins now.</summary>
    public static ServerRecord NewRecord(ServerConfig config, DateTimeOffset startedAt) => new()
    {
        Name = config.Name,
        Instance = Guid.NewGuid().ToString("N"),
        State = ServerState.Starting,
        Starter = ProcessIdentity.Current,
        Engine = config.Engine,
        Runtime = config.Runtime,
        Model = config.Model,
        Alias = config.Alias,
        Endpoint = config.Endpoint,
        StartedAt = startedAt,
    };

    /// <summary>Writes configuration, command and record.</summary>
    public static void Write(ServerFolder folder, ServerConfig config, ServerRecord record, LaunchCommand command)
    {
        PrivateFile.CreateFolder(folder.Path);
        PrivateFile.Write(folder.ConfigFile, Encoding.UTF8.GetBytes(ServerConfigFile.ToYaml(config)));
        folder.Write(NewLaunch(config, record, command));
        folder.Write(record);
    }

    /// <summary>What the supervisor of a start has to know.</summary>
    public static LaunchRecord NewLaunch(ServerConfig config, ServerRecord record, LaunchCommand command) => new()
    {
        Instance = record.Instance,
        Engine = config.Engine,
        File = command.File.Contains('/', StringComparison.Ordinal) ? Path.GetFullPath(command.File) : command.File,
        Arguments = command.Arguments,
        Environment = command.Environment,
        SecretFiles = command.SecretFiles,
        WorkingDirectory = Environment.CurrentDirectory,
        Endpoint = config.Endpoint,
        HealthPath = config.Health.Path,
        Restart = config.Restart,
        UnresponsiveSeconds = config.Health.UnresponsiveSeconds,
        Log = config.Log,
        Model = config.Model,
        Expectation = LaunchExpectation.Of(config),
    };

    /// <summary>The configuration with every path as it is from here, wherever the server will run.</summary>
    public static ServerConfig WithFullPaths(ServerConfig config) => config with
    {
        Model = Path.Exists(config.Model) ? Path.GetFullPath(config.Model) : config.Model, // A model may also be a name that the engine resolves.
        Endpoint = config.Endpoint with
        {
            ApiKeyFile = config.Endpoint.ApiKeyFile is { } keyFile ? Path.GetFullPath(keyFile) : null,
        },
    };
}
