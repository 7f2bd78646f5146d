namespace LlmOps.Models;

/// <summary>What a model's authors recommend for sampling (<c>generation_config.json</c>; <c>general.sampling.*</c> of GGUF). Null means not said.</summary>
public sealed record GenerationDefaults
{
    /// <summary>Temperature.</summary>
    public double? Temperature { get; init; }

    /// <summary>Probability mass that is sampled from.</summary>
    public double? TopP { get; init; }

    /// <summary>Tokens that are sampled from.</summary>
    public int? TopK { get; init; }

    /// <summary>Least probability, relative to the likeliest token.</summary>
    public double? MinP { get; init; }

    /// <summary>Penalty for repetitions; 1 is none.</summary>
    public double? RepetitionPenalty { get; init; }

    /// <summary>Most tokens to generate.</summary>
    public int? MaxNewTokens { get; init; }

    /// <summary>Tokens that end an answer.</summary>
    public IReadOnlyList<int> EndTokenIds { get; init; } = [];
}
