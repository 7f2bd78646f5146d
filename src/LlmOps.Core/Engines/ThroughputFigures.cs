using System.Text.Json;

namespace LlmOps.Engines;

/// <summary>What an engine delivered in a span of some seconds, as its log says. Several engines behind one server add up.</summary>
public sealed record ThroughputFigures
{
    /// <summary>Prompt tokens a second.</summary>
    public double PromptTokensPerSecond { get; init; }

    /// <summary>Generated tokens a second.</summary>
    public double OutputTokensPerSecond { get; init; }

    /// <summary>Requests being computed at the end of the span.</summary>
    public int Running { get; init; }

    /// <summary>Requests waiting then.</summary>
    public int Waiting { get; init; }

    /// <summary>Share of the KV pool in use then, 0 to 1.</summary>
    public double KvCacheUsage { get; init; }

    /// <summary>Share of prompt tokens that were found in the prefix cache lately, 0 to 1; null when the line does not say.</summary>
    public double? PrefixCacheHitRate { get; init; }

    internal void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("promptTokensPerSecond", PromptTokensPerSecond);
        json.WriteNumber("outputTokensPerSecond", OutputTokensPerSecond);
        json.WriteNumber("running", Running);
        json.WriteNumber("waiting", Waiting);
        json.WriteNumber("kvCacheUsage", KvCacheUsage);
        if (PrefixCacheHitRate is { } rate)
        {
            json.WriteNumber("prefixCacheHitRate", rate);
        }

        json.WriteEndObject();
    }

    internal static ThroughputFigures Read(JsonElement json) => new()
    {
        PromptTokensPerSecond = json.GetProperty("promptTokensPerSecond").GetDouble(),
        OutputTokensPerSecond = json.GetProperty("outputTokensPerSecond").GetDouble(),
        Running = json.GetProperty("running").GetInt32(),
        Waiting = json.GetProperty("waiting").GetInt32(),
        KvCacheUsage = json.GetProperty("kvCacheUsage").GetDouble(),
        PrefixCacheHitRate = json.TryGetProperty("prefixCacheHitRate", out JsonElement rate) ? rate.GetDouble() : null,
    };
}
