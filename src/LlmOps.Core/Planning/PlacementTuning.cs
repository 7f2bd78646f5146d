using LlmOps.Engines.LlamaCpp;

namespace LlmOps.Planning;

/// <summary>Spends memory that a placement leaves: on more slots, larger batches for prompts, and guessing ahead. Nothing that is pinned changes.</summary>
/// <param name="search">Shares out layers and knows what fits.</param>
/// <param name="facts">What the rules look at.</param>
internal sealed class PlacementTuning(PlacementSearch search, PlanFacts facts)
{
    // Contexts up to this length are shared by slots down to a quarter; longer ones are wanted for long work, which needs room of its own.
    private const long ShortContext = 32768;

    private const int MostSlots = 4;

    private const int MostStableSlots = 2;

    // Experts of a layer should each see this many tokens of a micro batch, else their matrix products are too thin to be fast.
    private const int TokensPerExpert = 64;

    private const int UsualBatch = 2048;

    private const double SurelyProportional = 0.7;

    private const int LargestMicroBatch = 2048;

    // ggml-org/llama.cpp src/llama-arch.cpp: architectures whose next-token layers it can draft with.
    private static readonly string[] s_draftArchitectures =
        ["qwen3next", "qwen35", "qwen35moe", "deepseek2", "deepseek32", "glm-dsa", "step35", "hy-v3", "mimo2", "cohere2moe", "deepseek4"];

    /// <summary>Why there are as many slots.</summary>
    public string SlotsReason { get; private set; } = "as asked";

    /// <summary>Why batches are as large.</summary>
    public string BatchReason { get; private set; } = "the engine's own size: a dense model's products are large enough for any GPU";

    /// <summary>Why nothing, or what, guesses ahead; null where the model and the engine leave nothing to decide.</summary>
    public string? SpeculationReason { get; private set; }

    /// <summary>The choice with what could be added.</summary>
    public PlacementChoice Improve(PlacementChoice choice)
    {
        choice = Slots(choice);
        choice = Batches(choice);
        return Speculation(choice);
    }

    /// <summary>Tokens that each slot can count on when all are busy.</summary>
    public static long Share(long trained) => trained <= ShortContext ? Math.Max(256, trained / MostSlots) : Math.Max(ShortContext, trained / 2);

    private PlacementChoice Slots(PlacementChoice choice)
    {
        if (facts.Pinned(LlamaCppOptions.Parallel))
        {
            return choice;
        }

        // Whoever asks for a short context wants it shared; one that memory has cut is too short to share.
        long context = choice.Placement.ContextLength;
        long share = Share(facts.Pinned(LlamaCppOptions.ContextLength) ? Math.Min(context, facts.TrainedContext) : facts.TrainedContext);
        bool canGrow = !facts.CanUnify && !facts.Pinned(LlamaCppOptions.ContextLength);
        int most = facts.Request.Mode == PlanMode.Stable ? MostStableSlots : MostSlots;
        int wanted = (int)Math.Clamp(canGrow ? most : context / share, 1, most);
        bool unified = facts.PinnedSwitch(LlamaCppOptions.KvUnified) ?? facts.CanUnify;
        for (int slots = wanted; slots > 1; slots--)
        {
            if (choice.Fits && Keep(choice, choice.Placement with { Slots = slots, Unified = unified, ContextLength = canGrow ? context * slots : context }) is { } more)
            {
                SlotsReason = canGrow ? $"{context} tokens for each of {slots}; this build cannot share one cache"
                    : slots == MostSlots ? $"enough for a handful of users: each can count on {context / slots} tokens of the shared context when all are busy, and a slot costs little memory"
                    : slots == most ? "few slots keep each request's speed steady"
                    : $"each can count on {context / slots} tokens when all are busy; more slots would have less than {share}, too little for long work";
                return more;
            }
        }

        SlotsReason = wanted == 1 && context < facts.TrainedContext ? $"the context had to be cut to {context} tokens of the {facts.TrainedContext} that the model was trained for; more requests at a time would starve each other"
            : wanted == 1 ? $"the whole context of {context} tokens for one request at a time; more slots would have less than {share} each"
            : "more slots do not fit";
        return choice;
    }

    private PlacementChoice Batches(PlacementChoice choice)
    {
        if (facts.PinsBatches || !facts.CanSizeBatches || choice.Placement.Devices.Count == 0 || !choice.Fits || facts.Model.Experts is not { Count: > 0, UsedCount: > 0 } experts)
        {
            return choice;
        }

        Placement placement = choice.Placement;
        bool visits = placement.CpuMoeLayers > 0 || placement.GpuLayers <= facts.Model.LayerCount;
        long wanted = visits ? LargestMicroBatch : Math.Min(LargestMicroBatch, (long)System.Numerics.BitOperations.RoundUpToPowerOf2((ulong)(TokensPerExpert * experts.Count / experts.UsedCount)));
        BatchReason = "the engine's own size; larger ones do not fit";
        for (int size = (int)Math.Min(wanted, placement.ContextLength); size > placement.UbatchSize; size /= 2)
        {
            // Several GPUs work on different micro batches at a time: a batch should hold two.
            int batch = placement.Devices.Count > 1 ? Math.Max(UsualBatch, 2 * size) : Math.Max(UsualBatch, size);
            if (Keep(choice, placement with { UbatchSize = size, BatchSize = batch }) is { } larger)
            {
                long extra = larger.Memory.Devices.Sum(device => device.ComputeBytes) - choice.Memory.Devices.Sum(device => device.ComputeBytes);
                BatchReason = (visits ? "experts in main memory visit the GPU once a micro batch, so prompts are read faster in large ones"
                    : $"each of {experts.Count} experts then sees about {(long)size * experts.UsedCount / experts.Count} tokens of a micro batch, so that prompts are read faster") + $"; it takes {Bytes.Format(extra)} more scratch memory, which is free";
                return larger;
            }
        }

        return choice;
    }

    private PlacementChoice Speculation(PlacementChoice choice)
    {
        if (facts.PinsSpeculation || facts.Model.NextTokenLayerCount == 0)
        {
            return choice;
        }

        Placement placement = choice.Placement;
        int tokens = facts.Request.Mode == PlanMode.Fast ? 3 : 2;
        SpeculationReason = facts.Request.Mode == PlanMode.Stable ? "the model carries layers that guess the next tokens; 'stable' leaves out what has gained speed on some machines and lost it on others"
            : !CanDraft() ? "the model carries layers that guess the next tokens, but this engine cannot use them"
            : facts.Model.ParameterCount is > 0 and < 3_000_000_000 ? "models below 3 billion parameters lose more by guessing than they gain"
            : placement.Devices.Count == 0 || placement.GpuLayers <= facts.Model.LayerCount || placement.CpuMoeLayers > 0 ? "guessing pays where all weights are on GPUs"
            : placement.Slots > 2 ? $"guessing pays for one or two requests at a time; there are {placement.Slots} slots"
            : null;
        if (SpeculationReason is not null || !choice.Fits)
        {
            return choice;
        }

        if (Keep(choice, placement with { DraftsNextTokens = true, DraftTokens = tokens }) is not { } drafting)
        {
            SpeculationReason = "the model carries layers that guess the next tokens, but their memory does not fit beside this context";
            return choice;
        }

        SpeculationReason = $"the model's own next-token layers guess {tokens} tokens ahead: 1.4 to 2 times the speed has been observed for one request at a time";
        return drafting;
    }

    private bool CanDraft() => s_draftArchitectures.Contains(facts.Model.Architecture)
        && (facts.Engine is null || (LlamaCppCommandLine.CanRender(LlamaCppOptions.Speculation, "draft-mtp", facts.Engine) && LlamaCppCommandLine.CanRender(LlamaCppOptions.DraftTokens, 2L, facts.Engine)));

    // The layers may have to be shared out anew for it; where that fails, everything stays as it is.
    private PlacementChoice? Keep(PlacementChoice choice, Placement wanted)
    {
        bool sharedHere = wanted.Devices.Count > 1 && !facts.Pinned(LlamaCppOptions.TensorSplit);

        // Scratch memory grows nearly in proportion to the micro batch; what cannot fit for that alone is not looked at closer.
        double growth = Math.Max(1, SurelyProportional * wanted.UbatchSize / choice.Placement.UbatchSize);
        long[] scratch = [.. choice.Memory.Devices.Select(device => (long)(device.ComputeBytes * growth))];
        return search.Try(sharedHere ? wanted with { Shares = [] } : wanted, choice.Why, scratch) is { } found ? found with { Rejected = choice.Rejected } : null;
    }
}
