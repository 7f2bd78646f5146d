namespace LlmOps.Benchmarking;

/// <summary>llama-server's <c>timings</c> of one request. Rates are tokens a second.</summary>
/// <remarks>Source: llama.cpp <c>tools/server</c>, <c>result_timings::to_json</c>. Draft figures are there only with speculation.</remarks>
internal readonly record struct ServerTimings
{
    public long PromptTokens { get; init; }

    public double PromptTokensPerSecond { get; init; }

    public long OutputTokens { get; init; }

    public double OutputTokensPerSecond { get; init; }

    public long CachedTokens { get; init; }

    public long? DraftTokens { get; init; }

    public long? DraftTokensAccepted { get; init; }
}
