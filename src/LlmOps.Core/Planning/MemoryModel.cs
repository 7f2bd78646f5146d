using LlmOps.Hardware;
using LlmOps.Models;
using LlmOps.Planning.Memory;

namespace LlmOps.Planning;

/// <summary>Computes what llama.cpp will allocate, device by device, from a model's tensors and a placement.</summary>
internal static class MemoryModel
{
    /// <summary>Bytes per device and host for <paramref name="placement"/> of <paramref name="model"/> on <paramref name="host"/>.</summary>
    public static MemoryPlan Estimate(ModelDescription model, Placement placement, HostInfo host) => Estimate(model, placement, host, computes: true);

    /// <summary>
    /// The part that costs next to nothing to compute: weights, caches and states, without scratch memory and drafting. What does not fit by
    /// this does not fit at all, so a search asks here first.
    /// </summary>
    public static MemoryPlan LowerBound(ModelDescription model, Placement placement, HostInfo host) => Estimate(model, placement, host, computes: false);

    private static MemoryPlan Estimate(ModelDescription model, Placement placement, HostInfo host, bool computes)
    {
        int[] deviceOf = LayerDevices(model.LayerCount, placement);
        int hostAt = placement.Devices.Count;
        TensorPlaces places = new(placement);
        long[] weights = WeightPlacement.Estimate(model, placement, deviceOf, places);
        (long[] cache, long[] recurrent) = Caches(model, placement, deviceOf);
        long[] compute = computes ? ComputeBuffers.Estimate(model, placement, deviceOf, places) : new long[hostAt + 1];
        long[] draft = computes ? DraftMemory.Estimate(model, placement) : new long[hostAt + 1];
        (long projector, long projectorHost) = Projector(placement, computes);

        return new MemoryPlan
        {
            Devices = [.. placement.Devices.Select((device, at) => Finish(new DeviceMemory
            {
                Name = device.Name,
                TotalBytes = device.Gpu.MemoryTotalBytes,
                WeightsBytes = weights[at],
                KvCacheBytes = cache[at],
                RecurrentBytes = recurrent[at],
                ComputeBytes = compute[at],
                ProjectorBytes = at == placement.MainDevice ? projector : 0,
                DraftBytes = draft[at],
                OverheadBytes = device.OverheadBytes,
                Layers = deviceOf.Take(model.LayerCount).Count(layerAt => layerAt == at),
            }, device))],
            Host = Finish(new HostMemory
            {
                TotalBytes = host.Memory.TotalBytes,
                WeightsBytes = weights[hostAt],
                KvCacheBytes = cache[hostAt],
                RecurrentBytes = recurrent[hostAt],
                ComputeBytes = compute[hostAt],
                OutputBytes = HostTerms.Output(model, placement),
                ProjectorBytes = projectorHost,
                DraftBytes = draft[hostAt],
                PromptCacheBytes = placement.PromptCacheBytes,
                CheckpointBytes = HostTerms.Checkpoints(model, placement),
                MappedBytes = placement.Loading is WeightLoading.Mapped or WeightLoading.Locked ? model.SizeBytes : 0,
                LockedBytes = placement.Loading is WeightLoading.Locked or WeightLoading.CopiedAndLocked ? weights[hostAt] : 0,
            }, host),
        };
    }

    private static (long[] Cache, long[] Recurrent) Caches(ModelDescription model, Placement placement, int[] deviceOf)
    {
        int hostAt = placement.Devices.Count;
        long widest = placement.FlashAttention ? 0 : KvCache.WidestValues(model);
        long[] cache = new long[hostAt + 1];
        foreach (AttentionShape shape in model.Attention)
        {
            (long keys, long values) = KvCache.Bytes(shape, placement, widest);
            Put(cache, shape.Layer, keys + values);
        }

        long[] recurrent = new long[hostAt + 1];
        foreach (int layer in RecurrentState.Layers(model))
        {
            Put(recurrent, layer, RecurrentState.LayerBytes(model.Recurrent!, placement));
        }

        return (cache, recurrent);

        void Put(long[] bytes, int layer, long size)
        {
            int at = placement.OffloadsCache && deviceOf[layer] >= 0 ? deviceOf[layer] : hostAt;
            if (placement.Matrices != MatrixSplit.Tensors || at == hostAt)
            {
                bytes[at] += size;
                return;
            }

            float begin = 0;
            float[] ends = LayerPlacement.CumulativeShares(placement);
            for (int device = 0; device < hostAt; device++)
            {
                bytes[device] += (long)(size * (double)(ends[device] - begin));
                begin = ends[device];
            }
        }
    }

    private static (long Device, long Host) Projector(Placement placement, bool computes)
    {
        if (placement.Projector is not { } projector)
        {
            return (0, 0);
        }

        (long device, long host) = computes ? ProjectorGraph.Reserve(projector) : (0, 0);
        return placement.OffloadsProjector && placement.Devices.Count > 0
            ? (projector.WeightsBytes + device, host)
            : (0, projector.WeightsBytes + device + host);
    }

    /// <summary>Bytes of one layer's keys and values over all slots.</summary>
    internal static long KvBytes(AttentionShape shape, Placement placement)
    {
        (long keys, long values) = KvCache.Bytes(shape, placement);
        return keys + values;
    }

    /// <summary>The device of each layer and, last, of the output; -1 is the host.</summary>
    internal static int[] LayerDevices(int layers, Placement placement) => LayerPlacement.Devices(layers, placement);

    private static DeviceMemory Finish(DeviceMemory memory, PlanDevice device) => memory with { FreeAfterBytes = device.FreeBytes - memory.UsedBytes };

    private static HostMemory Finish(HostMemory memory, HostInfo host) => memory with { FreeAfterBytes = host.Memory.AvailableBytes - memory.UsedBytes };
}
