namespace LlmOps.Benchmarking.Judgement.Rules;

/// <summary>Speculation runs, and most of what it proposes is thrown away.</summary>
internal sealed class DraftsRejected : ICauseRule
{
    /// <summary>Below this a draft costs about what it saves.</summary>
    private const double LeastAcceptance = 0.4;

    public LikelyCause? Look(JudgedPoint point)
    {
        double? rate = point.Seen.Server?.AcceptanceRate
            ?? (point.Result.Server is { DraftTokens: > 0 and { } proposed, DraftTokensAccepted: { } accepted } ? accepted / (double)proposed : null);
        return rate < LeastAcceptance
            ? new LikelyCause("drafts-rejected", CauseText.Of($"only {rate:P0} of the draft tokens were accepted"), "spec-draft-n-max",
                "Propose fewer tokens at a time, or measure with real prompts: random ones are hard to guess.")
            : null;
    }
}
