namespace LlmOps.Benchmarking;

/// <summary>One request of a load point, as reports, comparisons and baselines need it. Times are in seconds.</summary>
public sealed record RequestFigures
{
    /// <summary>When it was due, since the point's first request was due.</summary>
    public double DueSeconds { get; init; }

    /// <summary>When it was handed to the network, on the same clock.</summary>
    public double StartedSeconds { get; init; }

    /// <summary>When it was over, in whatever way, on the same clock.</summary>
    public double EndedSeconds { get; init; }

    /// <summary>From when it was due to its first chunk with content, reasoning or a tool call; null when it failed or none came.</summary>
    public double? TtftSeconds { get; init; }

    /// <summary>Time per output token after the first; null when there is none, and when all chunks have one moment: an answer in one piece has no rate.</summary>
    public double? TpotSeconds { get; init; }

    /// <summary>The longest time between two of its chunks; null when there are not two.</summary>
    public double? LongestItlSeconds { get; init; }

    /// <summary>From when it was due to its last chunk with content; null when it failed or none came.</summary>
    public double? E2eSeconds { get; init; }

    /// <summary>Prompt tokens, by the server's <c>usage</c>; 0 when it sent none.</summary>
    public long PromptTokens { get; init; }

    /// <summary>Prompt tokens that the server took from its cache.</summary>
    public long CachedTokens { get; init; }

    /// <summary>Generated tokens, by the server's <c>usage</c>; chunks when it sent none.</summary>
    public long OutputTokens { get; init; }

    /// <summary>Chunks with content, reasoning or a tool call.</summary>
    public int Chunks { get; init; }

    /// <summary>Those of its chunks that arrived together with the one before, in one segment, so that no time lies between them.</summary>
    public int JoinedChunks { get; init; }

    /// <summary>Turn of its conversation, from 1.</summary>
    public int Turn { get; init; } = 1;

    /// <summary>The server's id of the answer, to find it in its log; null when it sent none.</summary>
    public string? Id { get; init; }

    /// <summary>Whether it met every objective; null when there is none.</summary>
    public bool? MetSlo { get; init; }

    /// <summary>Prompt tokens a second that the server says of this request; null when it says nothing.</summary>
    public double? ServerPromptTokensPerSecond { get; init; }

    /// <summary>Generated tokens a second that the server says of this request; null when it says nothing.</summary>
    public double? ServerDecodeTokensPerSecond { get; init; }

    /// <summary>Draft tokens that speculation proposed; null when there is none.</summary>
    public long? DraftTokens { get; init; }

    /// <summary>Draft tokens accepted; null when there is no speculation.</summary>
    public long? DraftTokensAccepted { get; init; }

    /// <summary>Null when it succeeded, else a short stable text such as <c>HTTP 503</c>.</summary>
    public string? Error { get; init; }

    /// <summary>What the server or the system said of the error; null when nothing.</summary>
    public string? ErrorDetail { get; init; }

    /// <summary>The figures of a sample.</summary>
    /// <param name="sample">All that was recorded.</param>
    /// <param name="start">The moment that times count from.</param>
    /// <param name="slo">The objectives; null for none.</param>
    internal static RequestFigures Of(RequestSample sample, long start, ServiceLevel? slo)
    {
        ReadOnlySpan<long> times = sample.ChunkTimes.Span;
        bool timed = sample.Error is null && times.Length > 0;
        double? ttft = timed ? MonotonicClock.Seconds(sample.ScheduledAt, times[0]) : null;
        double? endToEnd = timed ? MonotonicClock.Seconds(sample.ScheduledAt, times[^1]) : null;
        double? longest = null;
        int joined = 0;
        for (int index = 1; timed && index < times.Length; index++)
        {
            longest = Math.Max(longest ?? 0, MonotonicClock.Seconds(times[index - 1], times[index]));
            joined += times[index] == times[index - 1] ? 1 : 0;
        }

        RequestFigures figures = new()
        {
            DueSeconds = MonotonicClock.Seconds(start, sample.ScheduledAt),
            StartedSeconds = MonotonicClock.Seconds(start, sample.StartedAt),
            EndedSeconds = MonotonicClock.Seconds(start, sample.EndedAt),
            TtftSeconds = ttft,
            E2eSeconds = endToEnd,
            TpotSeconds = timed && sample.OutputTokens > 1 && endToEnd > ttft ? (endToEnd - ttft) / (sample.OutputTokens - 1) : null,
            PromptTokens = sample.Usage?.PromptTokens ?? 0,
            CachedTokens = sample.CachedTokens,
            OutputTokens = sample.OutputTokens,
            Chunks = times.Length,
            JoinedChunks = joined,
            ServerPromptTokensPerSecond = sample.Timings?.PromptTokensPerSecond,
            ServerDecodeTokensPerSecond = sample.Timings?.DecodeTokensPerSecond,
            DraftTokens = sample.Timings?.DraftTokens,
            DraftTokensAccepted = sample.Timings?.DraftTokensAccepted,
            Error = sample.Error,
            ErrorDetail = sample.ErrorDetail,
            LongestItlSeconds = longest,
            Turn = sample.Turn,
            Id = sample.Id,
        };
        return figures with { MetSlo = slo?.IsMetBy(figures) };
    }
}
