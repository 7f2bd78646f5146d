namespace LlmOps.Benchmarking.Comparison;

/// <summary>How one figure of one load differs from a baseline, with the noise of both.</summary>
public sealed record ThroughputDifference
{
    /// <summary>The server now.</summary>
    public string ServerName { get; init; } = "";

    /// <summary>The load compared, such as <c>4 streams, 512 → 128 tokens</c>.</summary>
    public required string Load { get; init; }

    /// <summary>Requests in flight at a time.</summary>
    public int Concurrency { get; init; }

    /// <summary>The figure.</summary>
    public ComparedFigure Figure { get; init; }

    /// <summary>The baseline's value; times in seconds.</summary>
    public double? Baseline { get; init; }

    /// <summary>The value now; times in seconds.</summary>
    public double? Current { get; init; }

    /// <summary>(now − baseline) / baseline, in percent.</summary>
    public double? ChangePercent { get; init; }

    /// <summary>Lower end of the 95 % confidence interval of the change, in percent.</summary>
    public double? LowPercent { get; init; }

    /// <summary>Upper end of the 95 % confidence interval of the change, in percent.</summary>
    public double? HighPercent { get; init; }

    /// <summary>In one word.</summary>
    public DifferenceVerdict Verdict { get; init; }

    /// <summary>How the interval was made: <c>block bootstrap over requests</c>, or <c>Welch's t over runs</c>.</summary>
    public string Method { get; init; } = "";

    /// <summary>What was compared on the baseline's side: requests, or runs.</summary>
    public int BaselineCount { get; init; }

    /// <summary>What was compared now: requests, or runs.</summary>
    public int CurrentCount { get; init; }

    /// <summary>The difference in one sentence.</summary>
    public string Summary { get; init; } = "";
}

/// <summary>A figure that is compared.</summary>
public enum ComparedFigure
{
    /// <summary>Generated tokens a second of all streams; more is better.</summary>
    OutputTokensPerSecond,

    /// <summary>Time to first token, mean; less is better.</summary>
    Ttft,

    /// <summary>Time per output token, mean; less is better.</summary>
    Tpot,

    /// <summary>End-to-end time, mean; less is better.</summary>
    E2e,
}

/// <summary>What a difference comes to.</summary>
public enum DifferenceVerdict
{
    /// <summary>The interval holds zero: with this much noise no difference is visible.</summary>
    NoDifferenceVisible,

    /// <summary>Better than the baseline.</summary>
    Better,

    /// <summary>Worse than the baseline.</summary>
    Worse,

    /// <summary>Too few values to say anything, or a baseline of 0.</summary>
    TooFewValues,

    /// <summary>Only one of the two has this load.</summary>
    NoCounterpart,
}
