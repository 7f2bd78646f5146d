using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;

namespace LlmOps.Planning.Rules;

/// <summary>Main memory for the state of earlier prompts.</summary>
internal sealed class PromptCacheRule : IOptionRule
{
    private const long EngineMiB = 8192;

    /// <inheritdoc/>
    public OptionSet Apply(OptionSet options, PlanFacts facts, TunedPlacement tuned, DecisionLog log)
    {
        long? room = tuned.Choice.Memory.Host.FreeAfterBytes;
        bool exists = facts.Engine is null || facts.Engine.Find("--cache-ram") is not null;
        if (!exists || !(room < EngineMiB * Bytes.MiB * 2))
        {
            return options;
        }

        long cache = Math.Max(0, room.Value / 4 / Bytes.MiB);
        return log.Set(options, LlamaCppOptions.CacheRamMiB, cache, "a quarter of the main memory that stays free", $"{EngineMiB}: what the engine would take by itself");
    }
}
