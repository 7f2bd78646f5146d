using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;
using LlmOps.Models;

namespace LlmOps.Planning.Rules;

/// <summary>Types of keys and values.</summary>
internal sealed class CacheRule : IOptionRule
{
    /// <inheritdoc/>
    public OptionSet Apply(OptionSet options, PlanFacts facts, TunedPlacement tuned, DecisionLog log)
    {
        Placement placement = tuned.Placement;
        options = log.Set(options, LlamaCppOptions.KvCacheTypeK, placement.TypeK, Why(placement.TypeK), Rejected(facts.Model, placement, placement.TypeK));
        return log.Set(options, LlamaCppOptions.KvCacheTypeV, placement.TypeV, Why(placement.TypeV), Rejected(facts.Model, placement, placement.TypeV));
    }

    private static string Why(string type) => type == "f16" ? "full precision fits" : "half the memory of f16 with no loss that is noticed";

    private static string[] Rejected(ModelDescription model, Placement placement, string type)
    {
        long full = Of(model, placement, "f16");
        if (full == 0 || !model.Attention.All(KvCacheTypes.TakesBlocks))
        {
            return [];
        }

        return type == "f16" ? [$"q8_0: would save {Bytes.Format(full - Of(model, placement, "q8_0"))} that nothing needs"]
            : ["f16: " + Bytes.Format(full) + " for keys and values, which does not fit with this context", "q4_0: smaller still, but answers get worse where details of a long context count"];
    }

    private static long Of(ModelDescription model, Placement placement, string type) =>
        model.Attention.Sum(shape => MemoryModel.KvBytes(shape, placement with { TypeK = type, TypeV = type }));
}
