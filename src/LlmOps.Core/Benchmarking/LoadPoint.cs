namespace LlmOps.Benchmarking;

/// <summary>One load to offer.</summary>
internal sealed record LoadPoint
{
    public required string Model { get; init; }

    public required WordPrompt Prompt { get; init; }

    public required int Concurrency { get; init; }

    public required int OutputTokens { get; init; }

    /// <summary>Requests at most.</summary>
    public required int RequestLimit { get; init; }

    /// <summary>No request starts later than this; null means no limit.</summary>
    public TimeSpan? Duration { get; init; }

    public required TimeSpan RequestTimeout { get; init; }
}
