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

    // Operations that are not known here get a quarter more.
    private const int ForeignShare = 4;

    /// <summary>Bytes of each device and, last, of the host.</summary>
    /// <param name="model">The model.</param>
    /// <param name="placement">Where it goes.</param>
    /// <param name="deviceOf">The device of each layer and, last, of the output; -1 is the host.</param>
    public static long[] Estimate(ModelDescription model, Placement placement, IReadOnlyList<int> deviceOf)
    {
        int host = placement.Devices.Count;
        bool pipelined = IsPipelined(model, placement);
        long tokens = Math.Min(placement.UbatchSize, placement.ContextLength);
        tokens = (tokens + placement.Slots - 1) / placement.Slots * placement.Slots;
        bool vulkan = placement.Devices.Any(device => device.Name.StartsWith("Vulkan", StringComparison.Ordinal));
        long streams = placement.Unified ? 1 : placement.Slots;
        bool crossesInEveryLayer = vulkan && pipelined && ((streams > 1 && model.Attention.Any(shape => shape.ValueLength == 0)) || !placement.FlashAttention);
        GraphSetting setting = new()
        {
            Tokens = tokens,
            Outputs = Math.Min(tokens, placement.Outputs ?? placement.Slots),
            Slots = placement.Slots,
            Streams = streams,
            LayerSamples = crossesInEveryLayer ? int.MaxValue : 3,
            MaximumTensorBytes = vulkan ? VulkanTensorBytes : long.MaxValue,
            MultipliesOneStream = vulkan,
            LayerPlaces = [.. deviceOf.Select(device => device < 0 ? host : device)],
            Host = host,
            CpuMoeLayers = placement.CpuMoeLayers,
            CacheOnHost = !placement.OffloadsCache,
            OffloadsOperations = host > 0 && placement.OffloadsOperations,

            FlashAttention = placement.FlashAttention && !(placement.FlashAttentionIsAutomatic && GivesUpFlashAttention(model, deviceOf)),
            Cache = layer => CacheOf(model, placement, layer),
        };
        int copies = pipelined ? PipelineCopies : 1;
        long chunkBytes = vulkan ? VulkanChunkBytes : long.MaxValue / 2;
        long[] bytes = Reserve(model, setting, copies, chunkBytes);
        bool pinsNorms = host > 1 && placement.GpuLayers > model.LayerCount;
        if (pinsNorms || !placement.OffloadsCache)
        {
            // The engine reserves twice: first with free choice of places, then with norms beside their layers and attention beside its cache.
            GraphSetting pinned = setting with { PinsNorms = pinsNorms, PinsAttention = !placement.OffloadsCache };
            bytes = [.. bytes.Zip(Reserve(model, pinned, copies, chunkBytes), Math.Max)];
        }

        return LayerTensors.Of(model).Any(layer => layer.IsForeign) ? [.. bytes.Select(size => size + (size / ForeignShare))] : bytes;
    }

    private static long[] Reserve(ModelDescription model, GraphSetting setting, int copies, long chunkBytes)
    {
        (IReadOnlyList<GraphTensor> inputs, IReadOnlyList<GraphTensor> nodes) = new ModelGraph(model, setting).Build();
        return new GraphScheduler(setting.Host, copies, chunkBytes).Reserve(inputs, nodes);
    }

    /// <summary>Whether devices work on different batches at a time.</summary>
    public static bool IsPipelined(ModelDescription model, Placement placement) =>
        placement.Devices.Count > 1 && placement.GpuLayers > model.LayerCount && placement.CpuMoeLayers == 0 && placement.OffloadsCache && !placement.SplitsNothing;

    // Asked to decide by itself, the engine gives flash attention up when the operation would land on another device than its layer. That
    // happens where a short-convolution layer on a device follows an attention layer on the host: the state's copy draws the operation over.
    private static bool GivesUpFlashAttention(ModelDescription model, IReadOnlyList<int> deviceOf) =>
        model.Architecture == "lfm2" && Enumerable.Range(0, model.LayerCount - 1).Any(layer =>
            model.Attention[layer].KeyValueHeadCount > 0 && model.Attention[layer + 1].KeyValueHeadCount == 0 && deviceOf[layer] != deviceOf[layer + 1] && deviceOf[layer] < 0);

    private static (long Cells, long KeyBytes, long ValueBytes) CacheOf(ModelDescription model, Placement placement, int layer)
    {
        AttentionShape shape = model.Attention[layer];
        (long keys, long values) = KvCache.Bytes(shape, placement);
        return (KvCache.Cells(shape, placement), keys, values);
    }
}
