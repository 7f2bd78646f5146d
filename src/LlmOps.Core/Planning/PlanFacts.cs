using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;
using LlmOps.Models;

namespace LlmOps.Planning;

/// <summary>What the rules of one plan look at.</summary>
/// <param name="Request">What was asked for.</param>
/// <param name="Pins">What is fixed.</param>
internal sealed record PlanFacts(PlanRequest Request, Pins Pins)
{
    /// <summary>Tokens of context for a model that does not say what it was trained for.</summary>
    private const long UnknownContext = 4096;

    /// <summary>The model.</summary>
    public ModelDescription Model => Request.Model;

    /// <summary>The binary; null for the newest known version.</summary>
    public EngineCapabilities? Engine => Request.Engine;

    /// <summary>Whether the binary can share one cache among slots.</summary>
    public bool CanUnify => LlamaCppCommandLine.CanRender(LlamaCppOptions.KvUnified, true, Engine);

    /// <summary>The placement that the search starts from: pinned values, else the best ones.</summary>
    public Placement Start()
    {
        OptionSet pinned = Pins.Options;
        int slots = (int)(pinned[LlamaCppOptions.Parallel.Name] as long? ?? DefaultSlots);
        bool unified = pinned[LlamaCppOptions.KvUnified.Name] as bool? ?? (slots == 1 || CanUnify);
        long trained = Model.ContextLength > 0 ? Model.ContextLength : UnknownContext;
        long context = pinned[LlamaCppOptions.ContextLength.Name] as long? ?? 0;
        return new Placement
        {
            ContextLength = context > 0 ? context : unified ? trained : trained * slots,
            Slots = slots,
            Unified = unified,
            TypeK = pinned[LlamaCppOptions.KvCacheTypeK.Name] as string ?? "f16",
            TypeV = pinned[LlamaCppOptions.KvCacheTypeV.Name] as string ?? "f16",
            FlashAttention = pinned[LlamaCppOptions.FlashAttention.Name] as string != "off" && LlamaCppCommandLine.CanRender(LlamaCppOptions.FlashAttention, "on", Engine),
            FlashAttentionIsAutomatic = pinned[LlamaCppOptions.FlashAttention.Name] is null or "auto",
            UbatchSize = (int)(pinned[LlamaCppOptions.UbatchSize.Name] as long? ?? 512),
        };
    }

    /// <summary>Slots unless pinned.</summary>
    public int DefaultSlots => Request.Mode == PlanMode.Stable ? 2 : 4;
}
