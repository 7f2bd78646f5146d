using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;
using LlmOps.Models;
using LlmOps.Planning.Rules;

namespace LlmOps.Planning;

/// <summary>What each pin does to a plan: pins that make no sense are problems, those that change nothing or more than they say are explained.</summary>
/// <param name="facts">What is fixed.</param>
/// <param name="choice">The placement that came of it.</param>
/// <param name="overrides">Tensors placed by name; null without any.</param>
internal sealed class PinChecks(PlanFacts facts, PlacementChoice choice, TensorOverrides? overrides)
{
    private readonly Placement _placement = choice.Placement;

    private ModelDescription Model => facts.Model;

    private int Gpus => _placement.Devices.Count;

    /// <summary>Pins that contradict the machine, the model or each other.</summary>
    public IEnumerable<PlanProblem> Problems()
    {
        if (facts.Pins.Options[LlamaCppOptions.TensorSplit.Name] is IReadOnlyList<double> shares && (shares.Count > Gpus || Gpus < 2 || shares.Sum() <= 0))
        {
            yield return shares.Sum() <= 0
                ? new PlanProblem("tensor-split gives no GPU a share", "give at least one share above 0")
                : new PlanProblem($"tensor-split={EngineOption.Format(shares)} shares the model among {shares.Count} GPUs, and the plan has {Gpus}", Gpus > 1 ? $"give {Gpus} shares" : "leave tensor-split out");
        }

        if (facts.PinnedText(LlamaCppOptions.SplitMode) is "row" or "tensor" && Gpus < 2)
        {
            yield return new PlanProblem($"split-mode={facts.PinnedText(LlamaCppOptions.SplitMode)} needs at least two GPUs, and the plan has {Gpus}", "leave split-mode out");
        }

        if (facts.PinnedText(LlamaCppOptions.SplitMode) == "tensor" && (KvCacheTypes.IsQuantised(_placement.TypeK) || KvCacheTypes.IsQuantised(_placement.TypeV) || !_placement.FlashAttention))
        {
            yield return new PlanProblem("split-mode=tensor needs flash attention and a cache that is not quantised", "pin cache-type-k=f16, cache-type-v=f16 and flash-attn=on, or split-mode=layer");
        }

        if (facts.PinnedNumber(LlamaCppOptions.MainGpu) is { } main && main >= Math.Max(1, Gpus))
        {
            yield return new PlanProblem($"main-gpu={main} names a GPU that the plan does not have; it has {Gpus}, counted from 0", "leave main-gpu out, or name one that is there");
        }

        if (facts.PinnedNumber(LlamaCppOptions.GpuLayers) > 0 && Gpus == 0)
        {
            yield return new PlanProblem("n-gpu-layers asks for layers on GPUs, and there is no GPU that this engine can use", "pin n-gpu-layers=0 or leave it out");
        }

        if (Model.Experts is null && (facts.PinnedNumber(LlamaCppOptions.CpuMoeLayers) > 0 || facts.PinnedSwitch(LlamaCppOptions.CpuMoe) == true))
        {
            yield return new PlanProblem($"{(facts.PinnedSwitch(LlamaCppOptions.CpuMoe) == true ? "cpu-moe" : "n-cpu-moe")} keeps experts in main memory, and this model has none", "leave it out, or pin n-gpu-layers");
        }

        foreach ((ChoiceOption option, string type) in new[] { (LlamaCppOptions.KvCacheTypeK, _placement.TypeK), (LlamaCppOptions.KvCacheTypeV, _placement.TypeV) })
        {
            if (facts.Pinned(option) && KvCacheTypes.IsQuantised(type) && Model.Attention.Any(shape => shape.KeyValueHeadCount > 0 && !KvCacheTypes.TakesBlocks(shape)))
            {
                yield return new PlanProblem($"{option.Flags[0]}={type} stores blocks of 32 numbers, and this model's heads are no multiple of that", $"pin {option.Flags[0]}=f16");
            }
        }

        if (_placement.TypeK != _placement.TypeV && Model.Attention.Any(shape => shape is { KeyValueHeadCount: > 0, ValueLength: 0 }))
        {
            yield return new PlanProblem($"this model keeps keys and values as one, so their types cannot differ ({_placement.TypeK} and {_placement.TypeV})", "pin both to the same type");
        }

        if (_placement is { FlashAttention: false } && KvCacheTypes.IsQuantised(_placement.TypeV))
        {
            yield return new PlanProblem($"a V cache of type {_placement.TypeV} needs flash attention, which is off", "pin flash-attn=on or cache-type-v=f16");
        }

        if (facts.PinnedSwitch(LlamaCppOptions.MemoryLock) == true)
        {
            long bytes = facts.PinnedSwitch(LlamaCppOptions.MemoryMap) == true ? Model.SizeBytes : choice.Memory.Host.WeightsBytes;
            if (facts.Host.Limits.MemlockBytes is >= 0 and var limit && limit < bytes)
            {
                yield return new PlanProblem($"mlock would lock {Bytes.Format(bytes)}, and the limit is {Bytes.Format(limit)}", "raise it (ulimit -l unlimited, LimitMEMLOCK=infinity) or leave mlock out");
            }
        }

        if (facts.PinnedNumber(LlamaCppOptions.CacheRamMiB) is > 0 and var cache && choice.Memory.Host.FreeAfterBytes is { } free && cache * Bytes.MiB > free)
        {
            yield return new PlanProblem($"cache-ram={cache} is more than the {Bytes.Format(Math.Max(0, free))} of main memory that the plan leaves", $"pin at most cache-ram={Math.Max(0, free) / Bytes.MiB / 2}");
        }

        if (facts.PinnedText(LlamaCppOptions.Speculation)?.Contains("draft-mtp", StringComparison.Ordinal) == true && Model.NextTokenLayerCount == 0)
        {
            yield return new PlanProblem("spec-type=draft-mtp needs layers that guess the next tokens, and this model has none", "leave spec-type out, or pin a draft model (spec-draft-model=FILE)");
        }

        foreach (TextOption option in new[] { LlamaCppOptions.Projector, LlamaCppOptions.DraftModel, LlamaCppOptions.ChatTemplateFile })
        {
            if (facts.Request.IsThisMachine && facts.PinnedText(option) is { } path && !File.Exists(path))
            {
                yield return new PlanProblem($"{option.Flags[0]}={path} is not there", "name a file that exists");
            }
        }

        if (facts.Request.IsThisMachine && facts.Pins.ApiKeyFile is { } keys && !File.Exists(keys))
        {
            yield return new PlanProblem($"api-key-file={keys} is not there", "write the key into it (mode 0600), or name a file that exists");
        }
    }

    /// <summary>What pins do beyond being set, by option name.</summary>
    public Dictionary<string, string> Notes()
    {
        Dictionary<string, string> notes = [];
        Placement placement = _placement;
        Note(LlamaCppOptions.KvOffload, () => !placement.OffloadsCache ? $"keys and values ({Bytes.Format(choice.Memory.Host.KvCacheBytes + choice.Memory.Host.RecurrentBytes)}) stay in main memory and are read from there for every token" : "as it is anyway");
        Note(LlamaCppOptions.FullWindow, () => Model.Attention.Any(shape => shape.SlidingWindow is not null)
            ? $"layers with a sliding window keep all {placement.ContextLength} tokens" : "changes nothing: the model has no sliding window");
        Note(LlamaCppOptions.KvUnified, () => placement.Slots == 1 ? "changes nothing with one slot" : placement.Unified ? $"each of {placement.Slots} slots may use all of it" : $"{placement.ContextLength / placement.Slots} tokens for each of {placement.Slots} slots");
        Note(LlamaCppOptions.SplitMode, () => facts.PinnedText(LlamaCppOptions.SplitMode) is "row" or "tensor" && Gpus > 1 ? $"single matrices are shared out among {Gpus} GPUs, which wait for each other in every layer" : null);
        Note(LlamaCppOptions.MainGpu, () => placement.SplitsNothing || facts.PinnedText(LlamaCppOptions.SplitMode) == "row" || Gpus <= 1 ? null : "only counts with split-mode none or row");
        Note(LlamaCppOptions.OverrideTensor, () => overrides is null ? null
            : overrides.MovedBytes == 0 && !overrides.OtherBuffers.Any() ? "changes nothing: no tensor has such a name"
            : $"{Bytes.Format(overrides.MovedBytes)} move to main memory" + (overrides.OtherBuffers.Any() ? $"; others go to {string.Join(" and ", overrides.OtherBuffers)}" : string.Empty));
        Note(LlamaCppOptions.CpuMoeLayers, () => facts.PinnedNumber(LlamaCppOptions.CpuMoeLayers) > Model.LayerCount ? $"the model has only {Model.LayerCount} layers" : null);
        Note(LlamaCppOptions.CpuMoe, () => Gpus == 0 ? "changes nothing: everything is in main memory" : $"{Bytes.Format(Model.Weights.Layers.Sum(layer => layer.ExpertBytes))} of experts stay in main memory");
        Note(LlamaCppOptions.GpuLayers, () => facts.PinnedNumber(LlamaCppOptions.GpuLayers) > Model.LayerCount + 1 ? $"all of them: the model has {Model.LayerCount + 1}, the output counted" : null);
        Note(LlamaCppOptions.UbatchSize, () => facts.PinnedNumber(LlamaCppOptions.UbatchSize) > placement.BatchSize ? $"the engine takes no more than the batch of {placement.BatchSize}" : null);
        Note(LlamaCppOptions.Threads, () => facts.Host.Cpu.LogicalCores is { } cores && facts.PinnedNumber(LlamaCppOptions.Threads) > cores ? $"more than the {cores} that the machine has; they will wait for each other" : null);
        Note(LlamaCppOptions.Numa, () => facts.Host.NumaNodes.Count <= 1 ? "changes nothing: the machine has one NUMA node" : null);
        Note(LlamaCppOptions.Fit, () => facts.PinnedText(LlamaCppOptions.Fit) == "on" ? "the engine may change context and layers from what is planned here" : null);
        Note(LlamaCppOptions.Projector, () => facts.PinnedText(LlamaCppOptions.Projector) is not { } file ? null
            : !File.Exists(file) ? "cannot be read here, so its memory is not counted"
            : facts.PinnedSwitch(LlamaCppOptions.ProjectorOffload) == false || Gpus == 0 ? $"counted with 1.4 times its {Bytes.Format(new FileInfo(file).Length)} in main memory"
            : $"counted with 1.4 times its {Bytes.Format(new FileInfo(file).Length)} on {placement.Devices[Math.Min(placement.MainDevice, Gpus - 1)].Name}");
        Note(LlamaCppOptions.ProjectorOffload, () => facts.Pinned(LlamaCppOptions.Projector) ? null : "changes nothing without mmproj");
        Note(LlamaCppOptions.DraftModel, () => facts.PinnedText(LlamaCppOptions.DraftModel) is { } file && !File.Exists(file) ? "cannot be read here, so its memory is not counted" : "its weights, cache and scratch memory are counted with the model's");
        Note(LlamaCppOptions.DraftGpuLayers, () => facts.Pinned(LlamaCppOptions.DraftModel) ? null : "changes nothing without a draft model");
        Note(LlamaCppOptions.DraftTokens, () => placement.DraftTokens == 0 ? "changes nothing: nothing guesses ahead" : null);
        Note(LlamaCppOptions.FlashAttention, () => facts.PinnedText(LlamaCppOptions.FlashAttention) == "on" && Gpus > 0 && !FlashAttentionRule.IsKnownToWork(placement) ? "where a GPU has no kernel for it, the processor computes it, slowly" : null);
        return notes;

        void Note(EngineOption option, Func<string?> text)
        {
            if (facts.Pinned(option) && text() is { } note)
            {
                notes[option.Name] = note;
            }
        }
    }
}
