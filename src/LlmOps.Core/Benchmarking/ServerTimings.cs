namespace LlmOps.Benchmarking;

/// <summary>llama-server's <c>timings</c> of one request. Rates are tokens a second.</summary>
/// <remarks>Source: llama.cpp <c>tools/server</c>, <c>result_timings::to_json</c>. Draft figures are there only with speculation.</remarks>
internal readonly record struct ServerTimings
{
    public long PromptTokens { get; init; }

    public double PromptTokensPerSecond { get; init; }

    public long OutputTokens { get; init; }

    public double OutputTokensPerSecond { get; init; }

    /// <summary>From the first generated token to the last (<c>predicted_ms</c>); null when the server does not say.</summary>
    public double? OutputSeconds { get; init; }

    /// <summary>Generated tokens a second after the first one: n tokens have n - 1 intervals.</summary>
    /// <remarks>
    /// <c>predicted_ms</c> runs from the first token to the last in every build, but <c>predicted_per_second</c> was n / that time before it
    /// became (n - 1) / that time, so the rate is made of the count and the time. 0 for a single token.
    /// </remarks>
    public double DecodeTokensPerSecond => OutputSeconds is not > 0 ? OutputTokensPerSecond : OutputTokens > 1 ? (OutputTokens - 1) / OutputSeconds.Value : 0;

    public long CachedTokens { get; init; }

    public long? DraftTokens { get; init; }

    public long? DraftTokensAccepted { get; init; }
}
