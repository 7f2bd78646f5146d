namespace LlmOps.Benchmarking.Judgement.Rules;

/// <summary>Prompts that should all be new came from the server's cache.</summary>
internal sealed class PromptCacheHelped : ICauseRule
{
    /// <summary>A chat template's first tokens may be shared without saying anything.</summary>
    private const double LeastShare = 0.05;

    public bool IsAboutFigures => true;

    public LikelyCause? Look(JudgedPoint point) =>
        point.Result.SharedPrefixTokens == 0 && point.Result.Samples.All(request => request.Turn == 1)
        && point.Result.PromptTokens > 0 && point.Result.CachedPromptTokens > LeastShare * point.Result.PromptTokens
            ? new LikelyCause("prompt-cache-helped",
                CauseText.Of($"{point.Result.CachedPromptTokens} of {point.Result.PromptTokens} prompt tokens came from the cache, so TTFT is better than with new prompts"),
                "cache-ram", "Compare only with measurements of the same share, or measure with unique prompts.")
            : null;
}
