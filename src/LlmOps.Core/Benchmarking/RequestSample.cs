namespace LlmOps.Benchmarking;

/// <summary>All facts of one request. Moments are <see cref="System.Diagnostics.Stopwatch"/> ticks.</summary>
internal sealed record RequestSample
{
    /// <summary>When the request was due; latencies count from here.</summary>
    public required long ScheduledAt { get; init; }

    /// <summary>When it was handed to the network.</summary>
    public required long StartedAt { get; init; }

    /// <summary>When it was over, in whatever way.</summary>
    public required long EndedAt { get; init; }

    /// <summary>When each chunk with content, reasoning or a tool call arrived, in order.</summary>
    public ReadOnlyMemory<long> ChunkTimes { get; init; }

    /// <summary>Tokens so far at each chunk, by the server; empty when it was not asked, 0 where it did not say.</summary>
    public ReadOnlyMemory<int> TokenCounts { get; init; }

    /// <summary>The server's id of the answer.</summary>
    public string? Id { get; init; }

    /// <summary>Turn of its conversation, from 1.</summary>
    public int Turn { get; init; } = 1;

    /// <summary>Whether it belongs to the result; requests of the ramp and of the cool-down do not.</summary>
    public bool IsCounted { get; init; } = true;

    /// <summary>Token counts by the server; null when it sent none.</summary>
    public TokenUsage? Usage { get; init; }

    /// <summary>The server's own figures; null when it sent none.</summary>
    public ServerTimings? Timings { get; init; }

    /// <summary>Null when the request succeeded, else a short stable text such as <c>HTTP 503</c>.</summary>
    public string? Error { get; init; }

    /// <summary>What the server or the system said of the error.</summary>
    public string? ErrorDetail { get; init; }

    /// <summary>Generated tokens: the server's count, or the chunks when it gave none.</summary>
    public long OutputTokens => Usage?.OutputTokens ?? ChunkTimes.Length;

    /// <summary>Prompt tokens that came from the server's cache, by whichever of its two accounts says more.</summary>
    public long CachedTokens => Math.Max(Usage?.CachedTokens ?? 0, Timings?.CachedTokens ?? 0);
}
