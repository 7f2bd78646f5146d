namespace LlmOps.Benchmarking;

/// <summary>A prompt shape, and what is uncertain about its length.</summary>
/// <param name="Prompt">How many words of which.</param>
/// <param name="Warning">Null when the length is the server's own count.</param>
/// <param name="Tokens">How long prompts are; null when they have the wanted length, as far as anybody knows.</param>
/// <param name="Numbers">The prompts that were found to have exactly the wanted length; empty when all have it, or nobody could count.</param>
internal sealed record CalibratedPrompt(WordPrompt Prompt, string? Warning, IReadOnlyList<int> Numbers, int? Tokens = null);
