namespace LlmOps.Benchmarking;

/// <summary>Token counts of one request, by the server's <c>usage</c>.</summary>
internal readonly record struct TokenUsage(long PromptTokens, long OutputTokens, long CachedTokens);
