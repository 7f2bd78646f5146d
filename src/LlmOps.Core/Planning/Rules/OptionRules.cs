using LlmOps.Engines;

namespace LlmOps.Planning.Rules;

/// <summary>Turns a placement into options, each with its reason.</summary>
internal static class OptionRules
{
    private static readonly IOptionRule[] s_rules =
        [new PlacementRule(), new ContextRule(), new CacheRule(), new FlashAttentionRule(), new BatchRule(), new SpeculationRule(), new ThreadRule(), new LoadRule(), new PromptCacheRule(), new ServingRule()];

    /// <summary>The options for <paramref name="tuned"/>, the pinned ones that no rule knows at the end.</summary>
    public static OptionSet Decide(PlanFacts facts, TunedPlacement tuned, DecisionLog log)
    {
        OptionSet options = OptionSet.Empty;
        foreach (IOptionRule rule in s_rules)
        {
            options = rule.Apply(options, facts, tuned, log);
        }

        foreach ((string name, object value) in facts.Pins.Options.Values)
        {
            if (!options.Contains(name))
            {
                options = options.With(name, value);
                log.Add(name, EngineOption.Format(value), "as asked", [], isPinned: true);
            }
        }

        return options;
    }
}
