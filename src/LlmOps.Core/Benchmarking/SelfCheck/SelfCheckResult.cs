namespace LlmOps.Benchmarking.SelfCheck;

/// <summary>What measuring a server of known timing found. Errors are differences to what the server says it did, in seconds.</summary>
public sealed record SelfCheckResult
{
    /// <summary>Streams at a time.</summary>
    public int Streams { get; init; }

    /// <summary>Tokens a second of each.</summary>
    public double TokensPerSecondPerStream { get; init; }

    /// <summary>Tokens of each prompt.</summary>
    public int PromptTokens { get; init; }

    /// <summary>Requests that failed.</summary>
    public int Errors { get; init; }

    /// <summary>Tokens counted by the client.</summary>
    public long ClientOutputTokens { get; init; }

    /// <summary>Tokens that the server says it sent.</summary>
    public long ServerOutputTokens { get; init; }

    /// <summary>Prompt tokens counted by the client.</summary>
    public long ClientPromptTokens { get; init; }

    /// <summary>Prompt tokens that the server says it took.</summary>
    public long ServerPromptTokens { get; init; }

    /// <summary>Distance of each token's time at the client from when the server sent it: the server's lateness is not in it.</summary>
    public LatencySummary TimingErrorSeconds { get; init; } = new();

    /// <summary>How much later than due the server sent each token.</summary>
    public LatencySummary ServerLatenessSeconds { get; init; } = new();

    /// <summary>Distance of each request's TTFT from the scheduled one, net of the server's lateness.</summary>
    public LatencySummary TtftErrorSeconds { get; init; } = new();

    /// <summary>The scheduled TTFT, mean.</summary>
    public double ScheduledTtftSeconds { get; init; }

    /// <summary>The measured TTFT, mean.</summary>
    public double MeasuredTtftSeconds { get; init; }

    /// <summary>Processor microseconds of the client for each token, all included.</summary>
    public double CpuMicrosecondsPerToken { get; init; }

    /// <summary>Processor seconds of the client / duration.</summary>
    public double CpuShare { get; init; }

    /// <summary>See <see cref="ClientSideFigures.Transport"/>.</summary>
    public string Transport { get; init; } = "";

    /// <summary>Whether all tokens were counted and the 99th percentile of the timing error is below a millisecond, or five from 500 streams on.</summary>
    public bool Passed { get; init; }

    /// <summary>One sentence.</summary>
    public string Summary { get; init; } = "";
}
