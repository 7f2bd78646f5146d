using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;

namespace LlmOps.Planning.Rules;

/// <summary>Whether the model's own next-token layers guess ahead.</summary>
internal sealed class SpeculationRule : IOptionRule
{
    /// <inheritdoc/>
    public OptionSet Apply(OptionSet options, PlanFacts facts, TunedPlacement tuned, DecisionLog log)
    {
        if (tuned.SpeculationReason is not { } reason)
        {
            return options;
        }

        if (!tuned.Placement.DraftsNextTokens)
        {
            log.Add("speculation", "none", reason, []);
            return options;
        }

        int tokens = tuned.Placement.DraftTokens;
        options = log.Set(options, LlamaCppOptions.Speculation, "draft-mtp", reason, "none: one token a step");
        return log.Set(options, LlamaCppOptions.DraftTokens, tokens, "each further guess is right less often, and each keeps a recurrent state of its own", tokens == 2 ? ["3 and more: gains little on most machines ('fast' takes 3)"] : []);
    }
}
