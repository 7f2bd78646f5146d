using LlmOps.Hardware;
using LlmOps.Models;
using LlmOps.Planning.Memory;

namespace LlmOps.Planning;

/// <summary>Computes what llama.cpp will allocate, device by device, from a model's tensors and a placement.</summary>
internal static class MemoryModel
{
    /// <summary>Bytes per device and host for <paramref name="placement"/> of <paramref name="model"/> on <paramref name="host"/>.</summary>
    public static MemoryPlan Estimate(ModelDescription model, Placement placement, HostInfo host)
    {
        int[] deviceOf = LayerDevices(model.LayerCount, placement);
        int hostAt = placement.Devices.Count;
        long[] weights = WeightPlacement.Estimate(model, placement, deviceOf);
        long[] compute = ComputeBuffers.Estimate(model, placement, deviceOf);
        long[] cache = new long[hostAt + 1];
        foreach (AttentionShape shape in model.Attention)
        {
            cache[CacheAt(shape.Layer)] += KvBytes(shape, placement);
        }

        long[] recurrent = new long[hostAt + 1];
        foreach (int layer in RecurrentState.Layers(model))
        {
            recurrent[CacheAt(layer)] += RecurrentState.LayerBytes(model.Recurrent!, placement);
        }

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
            }, host),
        };

        int CacheAt(int layer) => placement.OffloadsCache && deviceOf[layer] >= 0 ? deviceOf[layer] : hostAt;
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
