namespace LlmOps.Benchmarking;

/// <summary>One counted request. Times are in seconds; null where there is nothing to time.</summary>
public sealed record RequestRecord
{
    /// <summary>When it was due, counted from the beginning of the load point (ramp included).</summary>
    public double ScheduledAtSeconds { get; init; }

    /// <summary>From due to sent.</summary>
    public double QueueSeconds { get; init; }

    /// <summary>From due to the first chunk with content, reasoning or a tool call.</summary>
    public double? TtftSeconds { get; init; }

    /// <summary>Per token after the first.</summary>
    public double? TpotSeconds { get; init; }

    /// <summary>The longest gap between two chunks.</summary>
    public double? LongestItlSeconds { get; init; }

    /// <summary>From due to the last chunk with content; of a failed request, to its failure.</summary>
    public double E2eSeconds { get; init; }

    /// <summary>Prompt tokens by the server; null when it sent none.</summary>
    public long? PromptTokens { get; init; }

    /// <summary>Of these, tokens from the server's cache.</summary>
    public long CachedTokens { get; init; }

    /// <summary>Generated tokens.</summary>
    public long OutputTokens { get; init; }

    /// <summary>Chunks with output.</summary>
    public int Chunks { get; init; }

    /// <summary>Turn of its conversation, from 1.</summary>
    public int Turn { get; init; } = 1;

    /// <summary>The server's id of the answer, to find it in its log; null when it sent none.</summary>
    public string? Id { get; init; }

    /// <summary>Null when it succeeded, else a short stable text such as <c>HTTP 503</c>.</summary>
    public string? Error { get; init; }

    /// <summary>Whether it met every objective; null when there is none.</summary>
    public bool? MetSlo { get; init; }
}
