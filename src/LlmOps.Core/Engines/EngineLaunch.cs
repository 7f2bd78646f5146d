namespace LlmOps.Engines;

/// <summary>What an engine is to run, as its command line is rendered from it.</summary>
internal sealed record EngineLaunch
{
    /// <summary>The binary; null for the one at hand.</summary>
    public string? Path { get; init; }

    /// <summary>The model.</summary>
    public required string Model { get; init; }

    /// <summary>The name that clients use for the model; null for the engine's own choice.</summary>
    public string? Alias { get; init; }

    /// <summary>Address to listen on.</summary>
    public required string Host { get; init; }

    /// <summary>TCP port.</summary>
    public required int Port { get; init; }

    /// <summary>A file with the API key.</summary>
    public string? ApiKeyFile { get; init; }

    /// <summary>Devices by the engine's names, in order.</summary>
    public IReadOnlyList<string> Devices { get; init; } = [];

    /// <summary>The options.</summary>
    public OptionSet Options { get; init; } = OptionSet.Empty;

    /// <summary>Arguments passed on as they are.</summary>
    public IReadOnlyList<string> ExtraArguments { get; init; } = [];

    /// <summary>Variables added to the environment.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();
}
