namespace LlmOps.Benchmarking.Judgement.Rules;

/// <summary>Prompts share a beginning on purpose, and the cache did not help.</summary>
internal sealed class PromptCacheIdle : ICauseRule
{
    public bool IsAboutFigures => true;

    public LikelyCause? Look(JudgedPoint point)
    {
        long shared = (long)point.Result.SharedPrefixTokens * (point.Result.Requests - point.Result.Errors);
        return shared > 0 && point.Result.CachedPromptTokens < shared / 4
            ? new LikelyCause("prompt-cache-idle",
                CauseText.Of($"requests share {point.Result.SharedPrefixTokens} tokens, but only {point.Result.CachedPromptTokens} of {shared} came from the cache"),
                "cache-prompt", "Let the server keep prompts: llama-server's --cache-prompt (on unless switched off) and enough slots, vLLM's --enable-prefix-caching.")
            : null;
    }
}
