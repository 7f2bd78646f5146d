namespace LlmOps.Benchmarking;

/// <summary>What a request must meet to count as good. Null means no objective.</summary>
public sealed record ServiceLevel
{
    /// <summary>Most time to first token.</summary>
    public TimeSpan? Ttft { get; init; }

    /// <summary>Most time per output token.</summary>
    public TimeSpan? Tpot { get; init; }

    /// <summary>Most time between two chunks, the longest gap of the request.</summary>
    public TimeSpan? Itl { get; init; }

    /// <summary>Most end-to-end time.</summary>
    public TimeSpan? E2e { get; init; }

    /// <summary>The share of requests that must meet every objective for a load to be sustained; 0.99 as in MLPerf Inference's server scenario for LLMs.</summary>
    public double Attainment { get; init; } = 0.99;

    /// <summary>Whether there is any objective.</summary>
    internal bool IsEmpty => Ttft is null && Tpot is null && Itl is null && E2e is null;

    /// <summary>Whether a request met every objective. A failed one met none; an objective on a time that a request does not have (TPOT of one token) is met.</summary>
    internal bool IsMetBy(RequestFigures request) =>
        request.Error is null
        && IsWithin(request.TtftSeconds, Ttft)
        && IsWithin(request.TpotSeconds, Tpot)
        && IsWithin(request.LongestItlSeconds, Itl)
        && IsWithin(request.E2eSeconds, E2e);

    private static bool IsWithin(double? seconds, TimeSpan? limit) => limit is null || seconds is null || seconds <= limit.Value.TotalSeconds;
}
