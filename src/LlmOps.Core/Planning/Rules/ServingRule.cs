using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;

namespace LlmOps.Planning.Rules;

/// <summary>The engine's own fitting, chat templates and figures for monitoring.</summary>
internal sealed class ServingRule : IOptionRule
{
    /// <inheritdoc/>
    public OptionSet Apply(OptionSet options, PlanFacts facts, TunedPlacement tuned, DecisionLog log)
    {
        if (LlamaCppCommandLine.CanRender(LlamaCppOptions.Fit, "off", facts.Engine))
        {
            options = log.Set(options, LlamaCppOptions.Fit, "off", "this plan has placed everything; the engine must not change it unasked", "on: context and layers could differ from what is planned here");
        }

        if (facts.Model.ChatTemplate.Present && LlamaCppCommandLine.CanRender(LlamaCppOptions.Jinja, true, facts.Engine))
        {
            options = log.Set(options, LlamaCppOptions.Jinja, true, "the model carries a chat template; tool calls need it as it is");
        }

        return LlamaCppCommandLine.CanRender(LlamaCppOptions.Metrics, true, facts.Engine)
            ? log.Set(options, LlamaCppOptions.Metrics, true, "figures for monitoring cost nothing")
            : options;
    }
}
