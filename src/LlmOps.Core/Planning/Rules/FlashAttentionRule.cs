using System.Globalization;
using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;
using LlmOps.Hardware;

namespace LlmOps.Planning.Rules;

/// <summary>Flash attention: on where it is needed or known to work, else the engine decides.</summary>
internal sealed class FlashAttentionRule : IOptionRule
{
    // Kernels for its matrix units; below, the engine's own trial decides. ggml-org/llama.cpp ggml/src/ggml-cuda/fattn.cu.
    private const double FirstCapability = 7.0;

    /// <summary>Whether every chosen GPU is known to compute it.</summary>
    public static bool IsKnownToWork(Placement placement) => placement.Devices.Count > 0 && placement.Devices.All(device =>
        device.Gpu.Vendor == GpuVendor.Nvidia && device.Name.StartsWith("CUDA", StringComparison.Ordinal)
        && double.TryParse(device.Gpu.ComputeCapability, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double capability) && capability >= FirstCapability);

    /// <inheritdoc/>
    public OptionSet Apply(OptionSet options, PlanFacts facts, TunedPlacement tuned, DecisionLog log)
    {
        Placement placement = tuned.Placement;
        bool isSwitch = facts.Engine?.Find("--flash-attn") is { TakesValue: false };
        bool isNeeded = KvCacheTypes.IsQuantised(placement.TypeV);
        bool works = IsKnownToWork(placement);
        bool attends = facts.Model.Attention.Any(shape => shape.KeyValueHeadCount > 0);
        string value = isNeeded || isSwitch || (works && attends) ? placement.FlashAttention ? "on" : "off" : placement.FlashAttention ? "auto" : "off";
        string reason = value == "off" ? "this build has no flash attention"
            : isNeeded ? "a quantised V cache needs it"
            : value == "auto" ? "the engine switches it on where the device supports it"
            : works ? "these GPUs support it: scores are never stored, so that long contexts cost less memory and time"
            : "less memory and more speed at long contexts";
        return log.Set(options, LlamaCppOptions.FlashAttention, value, reason, value == "on" ? ["off: the scores of a whole micro batch would have to be stored"] : []);
    }
}
