namespace LlmOps.Benchmarking;

/// <summary>What all requests of a load point have in common.</summary>
internal record RequestShape
{
    public required string Model { get; init; }

    public required IPromptSource Prompts { get; init; }

    /// <summary>Numbers the prompts of the whole measurement, so that none comes twice.</summary>
    public NumberSource Numbers { get; init; } = new();

    /// <summary>Tokens to generate.</summary>
    public required int OutputTokens { get; init; }

    public CompletionApi Api { get; init; }

    /// <summary>Requests of one conversation.</summary>
    public int Turns { get; init; } = 1;

    public bool ToolCalls { get; init; }

    public bool IgnoreEndOfText { get; init; } = true;

    public bool CountTokensPerChunk { get; init; }

    /// <summary>Whether the server may use its prompt cache.</summary>
    public bool MayUseCache { get; init; }
}
