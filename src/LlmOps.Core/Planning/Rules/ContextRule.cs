using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;

namespace LlmOps.Planning.Rules;

/// <summary>Tokens of context, slots, and whether the slots share one cache.</summary>
internal sealed class ContextRule : IOptionRule
{
    /// <inheritdoc/>
    public OptionSet Apply(OptionSet options, PlanFacts facts, TunedPlacement tuned, DecisionLog log)
    {
        Placement placement = tuned.Placement;
        long trained = facts.Model.ContextLength;
        long context = placement.ContextLength;
        long slot = placement.Unified ? context : context / placement.Slots;
        bool isShortForProcessor = placement.Devices.Count == 0 && slot == Math.Min(trained, LlamaCppPlanner.LongestCpuContext) && slot < trained;
        string reason = trained == 0 ? "the model does not say what it was trained for"
            : slot >= trained && (placement.Unified || placement.Slots == 1) ? $"all that the model was trained for ({trained})"
            : slot >= trained ? $"{slot} for each of {placement.Slots} slots; the model was trained for {trained}"
            : isShortForProcessor ? $"reading more than {slot} tokens on a processor takes minutes; the model was trained for {trained}"
            : $"the longest that fits, in steps of {ContextSteps.For(slot)}; the model was trained for {trained}";
        options = log.Set(options, LlamaCppOptions.ContextLength, context, reason, slot >= trained || trained == 0 ? [] : tuned.Choice.Rejected);
        options = log.Set(options, LlamaCppOptions.Parallel, placement.Slots, tuned.SlotsReason);
        if (placement.Slots > 1 && facts.CanUnify)
        {
            options = log.Set(
                options,
                LlamaCppOptions.KvUnified,
                placement.Unified,
                $"a single request may use the whole context, not just 1/{placement.Slots} of it",
                $"false: each slot would have {context / placement.Slots} tokens of its own, used or not");
        }

        return options;
    }
}
