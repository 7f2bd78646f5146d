using LlmOps.Engines;

namespace LlmOps.Planning.Rules;

/// <summary>Decides some options from a placement, each with its reason. A pinned option keeps its value.</summary>
/// <remarks>To add a rule, write a class and name it in <see cref="OptionRules"/>.</remarks>
internal interface IOptionRule
{
    /// <summary>The options with those that this rule decides.</summary>
    public OptionSet Apply(OptionSet options, PlanFacts facts, TunedPlacement tuned, DecisionLog log);
}

/// <summary>A placement and why its slots, batches and guesses are what they are.</summary>
/// <param name="Choice">The placement.</param>
/// <param name="SlotsReason">Why there are as many slots.</param>
/// <param name="BatchReason">Why batches are as large.</param>
/// <param name="SpeculationReason">Why something or nothing guesses ahead; null where there is nothing to decide.</param>
internal sealed record TunedPlacement(PlacementChoice Choice, string SlotsReason, string BatchReason, string? SpeculationReason)
{
    public Placement Placement => Choice.Placement;
}
