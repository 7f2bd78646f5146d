namespace LlmOps.Benchmarking.SelfCheck;

/// <summary>The load by which the measuring itself is measured.</summary>
public sealed record SelfCheckOptions
{
    /// <summary>Streams at a time.</summary>
    public int Streams { get; init; } = 200;

    /// <summary>Tokens a second of each.</summary>
    public double TokensPerSecond { get; init; } = 50;

    /// <summary>How long each stream generates.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>When the first token is due.</summary>
    public TimeSpan FirstToken { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Tokens of a prompt.</summary>
    public int PromptTokens { get; init; } = 64;

    /// <summary>Tokens of each answer.</summary>
    internal int OutputTokens => Math.Max(2, (int)Math.Round(Duration.TotalSeconds * TokensPerSecond));
}
