using LlmOps.Models;

namespace LlmOps.Planning.Memory;

/// <summary>Scratch memory that llama.cpp reserves for its largest computation: a full micro batch.</summary>
internal static class ComputeBuffers
{
    // With several devices, all layers on them and no overrides, llama.cpp keeps four copies of whatever crosses devices.
    private const int PipelineCopies = 4;

    // A Vulkan device gives no larger buffers than this and computes with no larger tensors than the second.
    private const long VulkanChunkBytes = Bytes.GiB;
    private const long VulkanTensorBytes = (4 * Bytes.GiB) - 1;

    /// <summary>Bytes of each device and, last, of the host.</summary>
    /// <param name="model">The model.</param>
    /// <param name="placement">Where it goes.</param>
    /// <param name="deviceOf">The device of each layer and, last, of the output; -1 is the host.</param>
    /// <param name="places">Tensors that are not with their layer.</param>
    public static long[] Estimate(ModelDescription model, Placement placement, IReadOnlyList<int> deviceOf, TensorPlaces places)
    {
        if (placement.Matrices == MatrixSplit.Tensors && placement.Devices.Count > 1)
        {
            return OfEveryDevice(model, placement, places);
        }

        GraphSetting setting = Setting(model, placement, deviceOf, places);
        bool pipelined = IsPipelined(model, placement);
        long[] bytes = Reserve(model, setting, placement, pipelined);
        bool pinsNorms = setting.Host > 1 && placement.GpuLayers > model.LayerCount;
        if (pinsNorms || !placement.OffloadsCache)
        {
            // The engine reserves twice: first with free choice of places, then with norms beside their layers and attention beside its cache.
            GraphSetting pinned = setting with { PinsNorms = pinsNorms, PinsAttention = !placement.OffloadsCache };
            bytes = [.. bytes.Zip(Reserve(model, pinned, placement, pipelined), Math.Max)];
        }

        return [.. bytes.Select(size => ComparedArchitectures.WithMargin(model, size))];
    }

    /// <summary>As <see cref="Estimate"/>, for the context in which next-token layers draft.</summary>
    public static long[] EstimateNextTokens(ModelDescription model, Placement placement, IReadOnlyList<int> deviceOf, TensorPlaces places)
    {
        GraphSetting setting = Setting(model, placement, deviceOf, places) with { DraftsNextTokens = true };
        return Reserve(model, setting, placement, IsPipelined(model, placement));
    }

    /// <summary>Whether devices work on different batches at a time.</summary>
    public static bool IsPipelined(ModelDescription model, Placement placement) =>
        placement.Devices.Count > 1 && placement.GpuLayers > model.LayerCount && placement.CpuMoeLayers == 0 && placement.Overrides.Count == 0
        && placement.OffloadsCache && !placement.SplitsNothing && placement.Matrices == MatrixSplit.Layers;

    // With matrices on all devices each of them computes the whole graph on its part of them; the residual stream is whole everywhere.
    private static long[] OfEveryDevice(ModelDescription model, Placement placement, TensorPlaces places)
    {
        Placement one = placement with { Devices = [placement.Devices[0]], Matrices = MatrixSplit.Layers, Shares = [] };
        long[] alone = Estimate(model, one, LayerPlacement.Devices(model.LayerCount, one), places);
        return [.. Enumerable.Repeat(alone[0], placement.Devices.Count), alone[1]];
    }


    private static GraphSetting Setting(ModelDescription model, Placement placement, IReadOnlyList<int> deviceOf, TensorPlaces places)
    {
        int host = placement.Devices.Count;
        long tokens = Math.Min(placement.UbatchSize, placement.ContextLength);
        tokens = (tokens + placement.Slots - 1) / placement.Slots * placement.Slots;
        bool vulkan = IsVulkan(placement);
        long streams = placement.Unified ? 1 : placement.Slots;
        bool sharesAcross = SharesCaches(model) && (deviceOf.Distinct().Count() > 1 || !placement.OffloadsCache);
        bool involvesHost = host > 0 && (!placement.OffloadsCache || !places.IsEmpty || deviceOf.Contains(-1));
        bool crossesInEveryLayer = sharesAcross || involvesHost || (vulkan && IsPipelined(model, placement)
            && ((streams > 1 && model.Attention.Any(shape => shape.ValueLength == 0)) || !placement.FlashAttention || MixesBrainFloats(placement) || model.Architecture is "jamba" or "mamba" || (model.Recurrent is not null && !ComparedArchitectures.Has(model))));
        long widest = KvCache.WidestValues(model);
        GraphSetting setting = new()
        {
            Tokens = tokens,
            Outputs = Math.Min(tokens, placement.Outputs ?? (placement.Slots * (1 + placement.DraftTokens))),
            Dimensions = new GraphTraits(model).Dimensions,
            Slots = placement.Slots,
            Streams = streams,
            LayerSamples = crossesInEveryLayer ? int.MaxValue : 3,
            MaximumTensorBytes = vulkan ? VulkanTensorBytes : long.MaxValue,
            MultipliesOneStream = vulkan,
            ScansWideStatesOnly = vulkan,
            Reorders = vulkan,
            NormsByMean = model.Architecture.StartsWith("cohere", StringComparison.Ordinal) || model.Architecture == "command-r" || LayerTensors.Of(model).Any(layer => layer.Bias("attn_norm") is not null),
            AttendsOnHost = vulkan && MixesBrainFloats(placement),
            ScoresOnHost = vulkan && KvCacheTypes.IsQuantised(placement.TypeK) && model.Attention.Any(shape => shape.KeyValueHeadCount > 1),
            LayerPlaces = [.. deviceOf.Select(device => device < 0 ? host : device)],
            Host = host,
            Places = places,
            CacheOnHost = !placement.OffloadsCache,
            OffloadsOperations = host > 0 && placement.OffloadsOperations,
            FlashAttention = placement.FlashAttention,
            HalvesKeys = placement.TypeK == "f32",
            HalvesValues = placement.TypeV == "f32",
            HasFrequencies = shape => model.Weights.SharedTensors.Any(tensor => tensor.Name.StartsWith("rope_", StringComparison.Ordinal)) && (shape.SlidingWindow is null || model.Architecture != "gemma4"),
            FrequencyBytes = model.Weights.SharedTensors.FirstOrDefault(tensor => tensor.Name.StartsWith("rope_", StringComparison.Ordinal))?.Bytes ?? 0,
            QuantisesKeys = KvCacheTypes.IsQuantised(placement.TypeK) && HasOneWidth(model, shape => shape.KeyLength),
            QuantisesValues = KvCacheTypes.IsQuantised(placement.TypeV) && HasOneWidth(model, shape => shape.ValueLength),
            WidestValues = widest,
            CacheOf = shape => OwnerOf(model, shape),
            Cache = layer => CacheOf(model, placement, layer, widest),
        };
        return GivesUpFlashAttention(model, placement, setting) ? setting with { FlashAttention = false, TurnsValuesLate = true, LayerSamples = vulkan && IsPipelined(model, placement) ? int.MaxValue : setting.LayerSamples } : setting;
    }

    // llama_kv_cache (layer_reuse_cb of gemma3n and gemma4): layers without a cache read that of the last layer of their kind that has one.
    private static AttentionShape OwnerOf(ModelDescription model, AttentionShape shape)
    {
        for (int layer = shape.Layer; shape is { KeyValueHeadCount: 0, DraftKeyValueHeadCount: 0 } && layer >= 0; layer--)
        {
            AttentionShape other = model.Attention[layer];
            if (other.KeyValueHeadCount > 0 && other.SlidingWindow is null == shape.SlidingWindow is null)
            {
                return other;
            }
        }

        return shape;
    }

    private static bool SharesCaches(ModelDescription model) =>
        model.Attention.Any(shape => shape is { HeadCount: > 0, KeyValueHeadCount: 0, DraftKeyValueHeadCount: 0 } && LayerTensors.Of(model)[shape.Layer].Has("attn_q"));

    // llama_kv_cache turns only where all layers of a cache have heads of one width; window layers have a cache of their own.
    private static bool HasOneWidth(ModelDescription model, Func<AttentionShape, int> width) => model.Attention.Where(shape => shape.KeyValueHeadCount > 0)
        .GroupBy(shape => shape.SlidingWindow is null).All(cache => cache.Select(width).Distinct().Count() == 1);

    /// <summary>Whether devices are computed with by Vulkan.</summary>
    public static bool IsVulkan(Placement placement) => placement.Devices.Any(device => device.Name.StartsWith("Vulkan", StringComparison.Ordinal));

    private static long[] Reserve(ModelDescription model, GraphSetting setting, Placement placement, bool pipelined)
    {
        (IReadOnlyList<GraphTensor> inputs, IReadOnlyList<GraphTensor> nodes) = new ModelGraph(model, setting).Build();
        long chunkBytes = IsVulkan(placement) ? VulkanChunkBytes : long.MaxValue / 2;
        return new GraphScheduler(setting.Host, pipelined ? PipelineCopies : 1, chunkBytes, setting.Reorders).Reserve(inputs, nodes);
    }

    // Asked to decide by itself, the engine lays out a single token and gives flash attention up where some layer's would not run with its layer:
    // on a device that cannot do it, or where states that stay elsewhere draw it over (llama_context, sched_reserve).
    private static bool GivesUpFlashAttention(ModelDescription model, Placement placement, GraphSetting setting)
    {
        bool mayMove = setting.CacheOnHost || setting.LayerPlaces.Contains(setting.Host);
        if (!setting.FlashAttention || !placement.FlashAttentionIsAutomatic || KvCacheTypes.IsQuantised(placement.TypeV)
            || !(setting.AttendsOnHost || (mayMove && (model.Recurrent is not null || SharesCaches(model)))))
        {
            return false;
        }

        GraphSetting single = setting with { Tokens = setting.Slots, Outputs = setting.Slots, PinsNorms = true };
        (IReadOnlyList<GraphTensor> inputs, IReadOnlyList<GraphTensor> nodes) = new ModelGraph(model, single).Build();
        return new GraphScheduler(setting.Host, 1, long.MaxValue / 2).MovesAttention(inputs, nodes);
    }

    // ggml-vulkan (supports_op): keys and values are both of this type, or neither is.
    private static bool MixesBrainFloats(Placement placement) => (placement.TypeK == "bf16") != (placement.TypeV == "bf16");

    private static (long Cells, long KeyBytes, long ValueBytes) CacheOf(ModelDescription model, Placement placement, int layer, long widest)
    {
        AttentionShape shape = model.Attention[layer];
        (long keys, long values) = KvCache.Bytes(shape, placement, widest);
        return (KvCache.Cells(shape, placement), keys, values);
    }
}
