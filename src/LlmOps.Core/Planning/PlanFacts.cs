using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;
using LlmOps.Hardware;
using LlmOps.Models;

namespace LlmOps.Planning;

/// <summary>What the rules of one plan look at.</summary>
/// <param name="Request">What was asked for.</param>
/// <param name="Pins">What is fixed.</param>
internal sealed record PlanFacts(PlanRequest Request, Pins Pins)
{
    /// <summary>Tokens of context for a model that does not say what it was trained for.</summary>
    private const long UnknownContext = 4096;

    /// <summary>Tokens that a step of guessing ahead makes unless told otherwise (llama.cpp <c>common/common.h</c>).</summary>
    private const int EngineDraftTokens = 3;

    /// <summary>The model.</summary>
    public ModelDescription Model => Request.Model;

    /// <summary>The machine around the GPUs.</summary>
    public HostInfo Host => Request.Topology.Host;

    /// <summary>The binary; null for the newest known version.</summary>
    public EngineCapabilities? Engine => Request.Engine;

    /// <summary>Whether the binary can share one cache among slots.</summary>
    public bool CanUnify => LlamaCppCommandLine.CanRender(LlamaCppOptions.KvUnified, true, Engine);

    /// <summary>Whether the binary can be told how prompts are split into batches.</summary>
    public bool CanSizeBatches => LlamaCppCommandLine.CanRender(LlamaCppOptions.BatchSize, 2048L, Engine) && LlamaCppCommandLine.CanRender(LlamaCppOptions.UbatchSize, 512L, Engine);

    /// <summary>Whether the user said how prompts are split into batches.</summary>
    public bool PinsBatches => Pinned(LlamaCppOptions.BatchSize) || Pinned(LlamaCppOptions.UbatchSize);

    /// <summary>Whether the user said anything about guessing ahead.</summary>
    public bool PinsSpeculation => Pinned(LlamaCppOptions.Speculation) || Pinned(LlamaCppOptions.DraftTokens) || Pinned(LlamaCppOptions.DraftModel)
        || Pins.ExtraArguments.Any(argument => argument.StartsWith("--spec-", StringComparison.Ordinal) || argument.StartsWith("--draft", StringComparison.Ordinal));

    /// <summary>Whether <paramref name="option"/> is fixed.</summary>
    public bool Pinned(EngineOption option) => Pins.Options.Contains(option.Name);

    /// <summary>The number that <paramref name="option"/> is fixed to; null when it is open.</summary>
    public long? PinnedNumber(NumberOption option) => Pins.Options[option.Name] as long?;

    /// <summary>The word that <paramref name="option"/> is fixed to; null when it is open.</summary>
    public string? PinnedText(EngineOption option) => Pins.Options[option.Name] as string;

    /// <summary>What the switch <paramref name="option"/> is fixed to; null when it is open.</summary>
    public bool? PinnedSwitch(SwitchOption option) => Pins.Options[option.Name] as bool?;

    /// <summary>Tokens of context that a slot is worth: what the model was trained for.</summary>
    public long TrainedContext => Model.ContextLength > 0 ? Model.ContextLength : UnknownContext;

    /// <summary>The placement that the search starts from: pinned values, else the best ones with a single slot.</summary>
    public Placement Start()
    {
        int slots = (int)(PinnedNumber(LlamaCppOptions.Parallel) ?? 1);
        bool unified = PinnedSwitch(LlamaCppOptions.KvUnified) ?? (slots == 1 || CanUnify);
        long context = PinnedNumber(LlamaCppOptions.ContextLength) ?? 0;
        int batch = (int)(PinnedNumber(LlamaCppOptions.BatchSize) ?? 2048);
        bool draftsNext = PinnedText(LlamaCppOptions.Speculation)?.Contains("draft-mtp", StringComparison.Ordinal) == true && Model.NextTokenLayerCount > 0;
        bool drafts = draftsNext || Pinned(LlamaCppOptions.DraftModel);
        return new Placement
        {
            ContextLength = context > 0 ? context : unified ? TrainedContext : TrainedContext * slots,
            Slots = slots,
            Unified = unified,
            TypeK = PinnedText(LlamaCppOptions.KvCacheTypeK) ?? "f16",
            TypeV = PinnedText(LlamaCppOptions.KvCacheTypeV) ?? "f16",
            FlashAttention = PinnedText(LlamaCppOptions.FlashAttention) != "off" && LlamaCppCommandLine.CanRender(LlamaCppOptions.FlashAttention, "on", Engine),
            FlashAttentionIsAutomatic = PinnedText(LlamaCppOptions.FlashAttention) is null or "auto",
            BatchSize = batch,
            UbatchSize = (int)Math.Min(PinnedNumber(LlamaCppOptions.UbatchSize) ?? 512, batch),
            OffloadsCache = PinnedSwitch(LlamaCppOptions.KvOffload) ?? true,
            FullWindow = PinnedSwitch(LlamaCppOptions.FullWindow) ?? false,
            GpuLayers = (int)Math.Min(PinnedNumber(LlamaCppOptions.GpuLayers) ?? int.MaxValue, Model.LayerCount + 1),
            Shares = Pins.Options[LlamaCppOptions.TensorSplit.Name] as IReadOnlyList<double> ?? [],
            CpuMoeLayers = PinnedSwitch(LlamaCppOptions.CpuMoe) == true ? Model.LayerCount : (int)Math.Min(PinnedNumber(LlamaCppOptions.CpuMoeLayers) ?? 0, Model.LayerCount),
            Matrices = PinnedText(LlamaCppOptions.SplitMode) switch { "row" => MatrixSplit.Rows, "tensor" => MatrixSplit.Tensors, _ => MatrixSplit.Layers },
            Overrides = PinnedText(LlamaCppOptions.OverrideTensor) is { } rules ? TensorOverrides.Parse(rules).Rules : [],
            SplitsNothing = PinnedText(LlamaCppOptions.SplitMode) == "none",
            MainDevice = (int)(PinnedNumber(LlamaCppOptions.MainGpu) ?? 0),
            DraftsNextTokens = draftsNext,
            DraftTokens = drafts ? (int)(PinnedNumber(LlamaCppOptions.DraftTokens) ?? EngineDraftTokens) : 0,
        };
    }
}
