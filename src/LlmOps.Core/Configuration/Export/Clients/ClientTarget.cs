using LlmOps.Servers;

namespace LlmOps.Configuration.Export.Clients;

/// <summary>A server as its clients see it.</summary>
public sealed record ClientTarget
{
    /// <summary>What to call it.</summary>
    public required string Name { get; init; }

    /// <summary>Its address, without <c>/v1</c>.</summary>
    public required Uri Address { get; init; }

    /// <summary>The model, as requests name it.</summary>
    public required string Model { get; init; }

    /// <summary>The engine.</summary>
    public required string Engine { get; init; }

    /// <summary>The file with its API key; null when it wants none.</summary>
    public string? ApiKeyFile { get; init; }

    /// <summary>Tokens that one request may have; null when not known.</summary>
    public long? ContextLength { get; init; }

    /// <summary>The address with <c>/v1</c>.</summary>
    public string OpenAIBase => $"{Address.AbsoluteUri.TrimEnd('/')}/v1";

    /// <summary>A server that was started.</summary>
    /// <param name="server">The server.</param>
    /// <param name="hostName">The name or address at which clients reach this machine; null for clients on it.</param>
    public static ClientTarget Of(LlmServer server, string? hostName) => new()
    {
        Name = server.Name,
        Address = Reached(server.Endpoint, hostName),
        Model = server.Alias ?? ModelOf(server.Engine, server.Model),
        Engine = server.Engine,
        ApiKeyFile = server.ApiKeyFile,
        ContextLength = server.ContextLength,
    };

    /// <summary>A server as it is planned.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="hostName">The name or address at which clients reach its machine; null for clients on it.</param>
    public static ClientTarget Of(ServerConfig config, string? hostName) => new()
    {
        Name = config.Name,
        Address = Reached(config.Endpoint.Uri, hostName),
        Model = config.Alias ?? ModelOf(config.Engine, config.Model),
        Engine = config.Engine,
        ApiKeyFile = config.Endpoint.ApiKeyFile,
    };

    // What the engines answer to where no alias was given; llama-server takes any name.
    private static string ModelOf(string engine, string model) => engine == EngineNames.Vllm ? model : Path.GetFileName(model);

    private static Uri Reached(Uri endpoint, string? hostName)
    {
        if (hostName is null)
        {
            return endpoint;
        }

        string host = hostName.Trim('[', ']');
        return Uri.CheckHostName(host) is UriHostNameType.Unknown
            ? throw new LlmOpsException($"'{ExportedServer.OneLine(hostName)}' is no name or address of a machine; give one such as gpu-box or 192.168.1.5", "HostNameInvalid")
            : new UriBuilder(endpoint) { Host = host }.Uri;
    }
}
