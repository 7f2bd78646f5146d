namespace LlmOps.Benchmarking.Metrics;

/// <summary>What a server says of itself now, the same for every engine. Null means that the engine does not tell.</summary>
public sealed record ServerMetric
{
    /// <summary>The server's name, or its address when it has none here.</summary>
    public required string ServerName { get; init; }

    /// <summary>Its address.</summary>
    public string Endpoint { get; init; } = "";

    /// <summary>The engine: <c>llama.cpp</c>, <c>vllm</c>; null when it cannot be told.</summary>
    public string? Engine { get; init; }

    /// <summary>The engine's version, as it says itself.</summary>
    public string? Version { get; init; }

    /// <summary>The model that it serves.</summary>
    public string? Model { get; init; }

    /// <summary>When it was asked.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>Requests being computed.</summary>
    public int? RequestsRunning { get; init; }

    /// <summary>Requests waiting.</summary>
    public int? RequestsWaiting { get; init; }

    /// <summary>Slots (llama.cpp); each computes one request at a time.</summary>
    public int? SlotCount { get; init; }

    /// <summary>Share of the key and value cache in use, 0 to 1.</summary>
    public double? KvCacheUsage { get; init; }

    /// <summary>Over how many seconds the rates are taken: the time between the two looks that make them.</summary>
    public double IntervalSeconds { get; init; }

    /// <summary>Prompt tokens computed a second, over the interval.</summary>
    public double? PromptTokensPerSecond { get; init; }

    /// <summary>Generated tokens a second, over the interval.</summary>
    public double? OutputTokensPerSecond { get; init; }

    /// <summary>Prompt tokens computed since the server started.</summary>
    public long? PromptTokens { get; init; }

    /// <summary>Prompt tokens taken from a cache since the server started.</summary>
    public long? CachedPromptTokens { get; init; }

    /// <summary>Tokens generated since the server started.</summary>
    public long? OutputTokens { get; init; }

    /// <summary>Requests thrown out of the cache, to be computed again, since the server started.</summary>
    public long? Preemptions { get; init; }

    /// <summary>Draft tokens accepted / proposed since the server started; null without speculation.</summary>
    public double? AcceptanceRate { get; init; }

    /// <summary>Tokens that one verification step gives, the model's own one included, since the server started; null without speculation.</summary>
    /// <remarks>1 + accepted / verification steps, as vLLM's own log has it.</remarks>
    public double? AcceptanceLength { get; init; }

    /// <summary>Each slot (llama.cpp); empty when it does not tell.</summary>
    public IReadOnlyList<SlotMetric> Slots { get; init; } = [];

    /// <summary>Why figures are missing, one line each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>One slot of a llama-server.</summary>
public sealed record SlotMetric
{
    /// <summary>Its number.</summary>
    public int Id { get; init; }

    /// <summary>Whether it computes a request.</summary>
    public bool IsBusy { get; init; }

    /// <summary>Tokens of context that it may hold.</summary>
    public long? ContextLength { get; init; }

    /// <summary>Tokens that it holds, of this request or of the one before.</summary>
    public long? TokensHeld { get; init; }

    /// <summary>Tokens generated for the request so far; null when there is none.</summary>
    public long? TokensGenerated { get; init; }
}
