using System.Text.Json;

namespace LlmOps.Engines;

/// <summary>What an engine told of itself in its log: what it took, what fits, how long its start took, and what it delivered last. Null is not told.</summary>
public sealed record EngineFigures
{
    /// <summary>The engine's version.</summary>
    public string? Version { get; init; }

    /// <summary>The attention kernels that it chose.</summary>
    public string? AttentionBackend { get; init; }

    /// <summary>Weights on one GPU, a drafter's among them, in bytes; the most of all GPUs that told.</summary>
    public long? WeightsBytes { get; init; }

    /// <summary>The KV pool of one GPU, in bytes; the least of all GPUs that told, which is what counts.</summary>
    public long? KvCacheBytes { get; init; }

    /// <summary>Tokens that the KV pool holds.</summary>
    public long? KvCacheTokens { get; init; }

    /// <summary>Requests of <see cref="RequestTokens"/> tokens that fit into the pool at a time.</summary>
    public double? MaxConcurrency { get; init; }

    /// <summary>Tokens of one request of full length.</summary>
    public long? RequestTokens { get; init; }

    /// <summary>CUDA graphs on one GPU, in bytes.</summary>
    public long? GraphBytes { get; init; }

    /// <summary>Seconds for the weights.</summary>
    public double? WeightsSeconds { get; init; }

    /// <summary>Seconds for compiling.</summary>
    public double? CompileSeconds { get; init; }

    /// <summary>Seconds for CUDA graphs.</summary>
    public double? GraphSeconds { get; init; }

    /// <summary>Seconds from loaded weights until the engine could compute.</summary>
    public double? InitSeconds { get; init; }

    /// <summary>What it delivered in the last span that it told of; null before the first.</summary>
    public ThroughputFigures? Throughput { get; init; }

    /// <summary>How well tokens were guessed ahead in the last span that it told of; null when it does not guess.</summary>
    public SpeculationFigures? Speculation { get; init; }

    /// <summary>Writes them as one JSON object. What is not told is left out.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        Text(json, "version", Version);
        Text(json, "attentionBackend", AttentionBackend);
        Number(json, "weightsBytes", WeightsBytes);
        Number(json, "kvCacheBytes", KvCacheBytes);
        Number(json, "kvCacheTokens", KvCacheTokens);
        Number(json, "maxConcurrency", MaxConcurrency);
        Number(json, "requestTokens", RequestTokens);
        Number(json, "graphBytes", GraphBytes);
        Number(json, "weightsSeconds", WeightsSeconds);
        Number(json, "compileSeconds", CompileSeconds);
        Number(json, "graphSeconds", GraphSeconds);
        Number(json, "initSeconds", InitSeconds);
        if (Throughput is { } throughput)
        {
            json.WritePropertyName("throughput");
            throughput.Write(json);
        }

        if (Speculation is { } speculation)
        {
            json.WritePropertyName("speculation");
            speculation.Write(json);
        }

        json.WriteEndObject();
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    internal static EngineFigures Read(JsonElement json) => new()
    {
        Version = json.TryGetProperty("version", out JsonElement version) ? version.GetString() : null,
        AttentionBackend = json.TryGetProperty("attentionBackend", out JsonElement backend) ? backend.GetString() : null,
        WeightsBytes = (long?)Number(json, "weightsBytes"),
        KvCacheBytes = (long?)Number(json, "kvCacheBytes"),
        KvCacheTokens = (long?)Number(json, "kvCacheTokens"),
        MaxConcurrency = Number(json, "maxConcurrency"),
        RequestTokens = (long?)Number(json, "requestTokens"),
        GraphBytes = (long?)Number(json, "graphBytes"),
        WeightsSeconds = Number(json, "weightsSeconds"),
        CompileSeconds = Number(json, "compileSeconds"),
        GraphSeconds = Number(json, "graphSeconds"),
        InitSeconds = Number(json, "initSeconds"),
        Throughput = json.TryGetProperty("throughput", out JsonElement throughput) ? ThroughputFigures.Read(throughput) : null,
        Speculation = json.TryGetProperty("speculation", out JsonElement speculation) ? SpeculationFigures.Read(speculation) : null,
    };

    private static void Text(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }

    private static void Number(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
    }

    private static double? Number(JsonElement json, string name) => json.TryGetProperty(name, out JsonElement value) ? value.GetDouble() : null;
}
