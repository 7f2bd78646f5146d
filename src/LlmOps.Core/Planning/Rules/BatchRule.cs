using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;

namespace LlmOps.Planning.Rules;

/// <summary>How many tokens of prompts are computed at once.</summary>
internal sealed class BatchRule : IOptionRule
{
    /// <inheritdoc/>
    public OptionSet Apply(OptionSet options, PlanFacts facts, TunedPlacement tuned, DecisionLog log)
    {
        Placement placement = tuned.Placement;
        if (!facts.PinsBatches && !facts.CanSizeBatches)
        {
            return options; // Builds whose sizes cannot be set take those that the plan counts with.
        }

        options = log.Set(
            options,
            LlamaCppOptions.BatchSize,
            placement.BatchSize,
            placement.Devices.Count > 1 && placement.BatchSize > 2048 ? "two micro batches, so that the GPUs work at the same time" : "as much of a prompt as is handed over at once; it costs no memory on GPUs");
        return log.Set(
            options,
            LlamaCppOptions.UbatchSize,
            placement.UbatchSize,
            placement.Devices.Count == 0 ? "the engine's own size: a processor gains nothing by larger ones" : tuned.BatchReason,
            placement.UbatchSize > 512 ? ["512: the engine's own size, slower with prompts here"] : []);
    }
}
