namespace LlmOps.Benchmarking.Judgement.Rules;

/// <summary>Speculation was asked for, or the model brings it, and no draft token was seen.</summary>
/// <remarks><c>draft_n</c> above 0 in the answers is the proof that speculation is live; <c>/props</c> has been seen to say «none» while it was.</remarks>
internal sealed class SpeculationOff : ICauseRule
{
    private static readonly string[] s_flags = ["--spec-type", "--model-draft", "-md", "--hf-repo-draft", "--spec-draft", "--draft", "--speculative-config", "--lookup-cache"];

    public LikelyCause? Look(JudgedPoint point)
    {
        if (!point.Generated || point.Result.Server.DraftTokens > 0 || point.Seen.Server?.DraftTokens > 0
            || (point.Result.Server.OutputTokens is null && point.Seen.Server?.DraftTokens is null))
        {
            return null;
        }

        string? asked = point.Config?.ExtraArguments.FirstOrDefault(argument => s_flags.Any(flag => argument.StartsWith(flag, StringComparison.Ordinal)))
            ?? point.Config?.Options.Values.FirstOrDefault(option => option.Key.Contains("spec", StringComparison.OrdinalIgnoreCase) || option.Key.Contains("draft", StringComparison.OrdinalIgnoreCase)).Key;
        return asked is not null
            ? new LikelyCause("speculation-off", $"the configuration asks for speculation ({asked}), but no draft token was proposed", "spec-type",
                "Look into the log why drafting did not start: a draft model of another vocabulary, or a build without it.")
            : point.Machine.Model is { NextTokenLayerCount: > 0 } model
                ? new LikelyCause("speculation-off", CauseText.Of($"the model brings {model.NextTokenLayerCount} layers that predict further tokens, and they are not used"), "spec-type",
                    "Try --spec-type draft-mtp where the build has it; published gains are some 1.4 to 1.5 times.")
                : null;
    }
}
