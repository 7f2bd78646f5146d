namespace LlmOps.Benchmarking;

/// <summary>What the server itself says of the same requests (llama-server's <c>timings</c>). Null where it says nothing.</summary>
public sealed record ServerSideFigures
{
    /// <summary>Prompt tokens a second of one request, mean over requests.</summary>
    public double? PromptTokensPerSecond { get; init; }

    /// <summary>Generated tokens a second of one request after its first token, mean over requests: (tokens − 1) / time from the first to the last.</summary>
    public double? DecodeTokensPerSecond { get; init; }

    /// <summary>Prompt tokens that the server computed.</summary>
    public long? PromptTokens { get; init; }

    /// <summary>Tokens that the server generated.</summary>
    public long? OutputTokens { get; init; }

    /// <summary>Draft tokens proposed by speculation; null when there is none.</summary>
    public long? DraftTokens { get; init; }

    /// <summary>Draft tokens accepted.</summary>
    public long? DraftTokensAccepted { get; init; }
}
