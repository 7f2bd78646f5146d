using LlmOps.Hardware;
using LlmOps.Models;

namespace LlmOps.Planning.Memory;

/// <summary>What drafting needs beside the main context.</summary>
/// <remarks>
/// Source: llama.cpp <c>common/speculative.cpp</c> and <c>common/fit.cpp</c>: the drafting context has the main one's tokens, slots and batch
/// sizes, cache types of its own, and a row of logits a slot.
/// </remarks>
internal static class DraftMemory
{
    /// <summary>Bytes of each device and, last, of the host.</summary>
    public static long[] Estimate(ModelDescription model, Placement placement)
    {
        long[] bytes = new long[placement.Devices.Count + 1];
        if (placement.Draft is { } draft)
        {
            Add(bytes, OfModel(draft, placement));
        }

        if (placement.DraftsNextTokens && model.NextTokenLayerCount > 0)
        {
            Add(bytes, OfNextTokens(model, placement));
        }

        return bytes;
    }

    private static long[] OfModel(DraftModel draft, Placement placement)
    {
        Placement beside = Context(placement) with
        {
            GpuLayers = placement.Devices.Count == 0 ? 0 : Math.Min(draft.GpuLayers ?? int.MaxValue, draft.Model.LayerCount + 1),
            Shares = [],
        };
        MemoryPlan plan = MemoryModel.Estimate(draft.Model, beside, new HostInfo());
        return [.. plan.Devices.Select(device => device.UsedBytes - device.OverheadBytes), plan.Host.UsedBytes];
    }

    // Their weights count with the model's.
    private static long[] OfNextTokens(ModelDescription model, Placement placement)
    {
        Placement context = Context(placement);
        int[] deviceOf = LayerPlacement.Devices(model.LayerCount, context);
        long[] bytes = ComputeBuffers.EstimateNextTokens(model, context, deviceOf, new TensorPlaces(placement));
        int host = placement.Devices.Count;
        foreach (AttentionShape shape in model.Attention)
        {
            if (shape.DraftKeyValueHeadCount > 0)
            {
                (long keys, long values) = KvCache.Bytes(shape with { KeyValueHeadCount = shape.DraftKeyValueHeadCount }, context);
                bytes[context.OffloadsCache && deviceOf[shape.Layer] >= 0 ? deviceOf[shape.Layer] : host] += keys + values;
            }
        }

        bytes[host] += (long)model.VocabularySize * placement.Slots * sizeof(float);
        return bytes;
    }

    private static Placement Context(Placement placement) => placement with
    {
        TypeK = placement.DraftTypeK,
        TypeV = placement.DraftTypeV,
        Draft = null,
        DraftsNextTokens = false,
        DraftTokens = 0,
        Outputs = null,
        Projector = null,
        PromptCacheBytes = 0,
        CheckpointsPerSlot = 0,
        Overrides = [],
        CpuMoeLayers = 0,
    };

    private static void Add(long[] sum, long[] more)
    {
        for (int at = 0; at < sum.Length; at++)
        {
            sum[at] += more[at];
        }
    }
}
