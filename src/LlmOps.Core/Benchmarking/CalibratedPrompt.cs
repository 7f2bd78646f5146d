namespace LlmOps.Benchmarking;

/// <summary>A prompt shape and what is uncertain about its length.</summary>
internal sealed record CalibratedPrompt(WordPrompt Prompt, string? Warning);
