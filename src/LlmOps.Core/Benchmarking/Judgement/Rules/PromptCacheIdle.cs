namespace LlmOps.Benchmarking.Judgement.Rules;

/// <summary>Prompts share a beginning on purpose, and the cache did not help.</summary>
internal sealed class PromptCacheIdle : ICauseRule
{
    public bool IsAboutFigures => true;

    public LikelyCause? Look(JudgedPoint point)
    {
        long shared = (long)point.Result.SharedPrefixTokens * (point.Result.Requests - point.Result.Errors);

        // vLLM says it in its metrics, and in answers only where it was told to.
        long cached = Math.Max(point.Result.CachedPromptTokens, point.Seen.Server?.CachedPromptTokens ?? 0);
        return shared > 0 && cached < shared / 4
            ? new LikelyCause("prompt-cache-idle",
                CauseText.Of($"requests share {point.Result.SharedPrefixTokens} tokens, but only {cached} of {shared} came from the cache"),
                "cache-prompt", "Let the server keep prompts: llama-server's --cache-prompt (on unless switched off) and enough slots, vLLM's --enable-prefix-caching.")
            : null;
    }
}
