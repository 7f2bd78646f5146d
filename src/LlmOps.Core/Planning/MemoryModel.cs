using LlmOps.Hardware;
using LlmOps.Models;

namespace LlmOps.Planning;

/// <summary>Computes what llama.cpp will allocate, device by device, from a model's tensors and a placement.</summary>
/// <remarks>
/// Sources: layers to devices, llama.cpp <c>src/llama-model.cpp</c> (load_tensors); caches, <c>src/llama-kv-cache.cpp</c> and
/// <c>src/llama-memory-recurrent.cpp</c>; compute buffers, an approximation of what ggml's allocator reserves.
/// </remarks>
internal static class MemoryModel
{
    private const int CellPadding = 256;

    // With several GPUs, all layers on them and no overrides, llama.cpp keeps four copies of the graph's inputs.
    private const int PipelineCopies = 4;

    /// <summary>Bytes per device and host for <paramref name="placement"/> of <paramref name="model"/> on <paramref name="host"/>.</summary>
    public static MemoryPlan Estimate(ModelDescription model, Placement placement, HostInfo host)
    {
        int layers = model.LayerCount;
        int[] deviceOf = LayerDevices(layers, placement);
        Totals[] totals = new Totals[placement.Devices.Count + 1]; // the last one is the host
        int hostAt = placement.Devices.Count;

        totals[hostAt].Weights += model.Weights.InputBytes;
        totals[At(deviceOf[layers])].Weights += model.Weights.OutputBytes;
        foreach (LayerWeights weights in model.Weights.Layers)
        {
            int at = At(deviceOf[Math.Min(weights.Layer, layers)]);
            totals[at].Weights += weights.DenseBytes;
            totals[weights.Layer < placement.CpuMoeLayers ? hostAt : at].Weights += weights.ExpertBytes;
        }

        foreach (AttentionShape shape in model.Attention)
        {
            totals[At(deviceOf[shape.Layer])].KvCache += KvBytes(shape, placement);
        }

        AddRecurrent(model, placement, deviceOf, totals, At);
        AddCompute(model, placement, deviceOf, totals, At);
        for (int layer = 0; layer < layers; layer++)
        {
            totals[At(deviceOf[layer])].Layers++;
        }

        return new MemoryPlan { Devices = [.. placement.Devices.Select((device, at) => Device(device, totals[at]))], Host = Host(totals[hostAt], host) };

        int At(int device) => device < 0 ? hostAt : device;
    }

    /// <summary>Bytes of one layer's keys and values over all slots.</summary>
    internal static long KvBytes(AttentionShape shape, Placement placement)
    {
        if (shape.KeyValueHeadCount == 0)
        {
            return 0;
        }

        long streams = placement.Unified ? 1 : placement.Slots;
        long cells = Pad(placement.Unified ? placement.ContextLength : placement.ContextLength / placement.Slots);
        if (shape.SlidingWindow is { } window)
        {
            cells = Pad(Math.Min(cells, ((long)window * (placement.Unified ? placement.Slots : 1)) + placement.UbatchSize));
        }

        return streams * cells
            * (KvCacheTypes.RowBytes(placement.TypeK, (long)shape.KeyValueHeadCount * shape.KeyLength)
                + KvCacheTypes.RowBytes(placement.TypeV, (long)shape.KeyValueHeadCount * shape.ValueLength));
    }

    /// <summary>The device of each layer and, last, of the output; -1 is the host.</summary>
    internal static int[] LayerDevices(int layers, Placement placement)
    {
        int[] devices = new int[layers + 1];
        Array.Fill(devices, -1);
        int offloaded = Math.Min(placement.GpuLayers, layers + 1);
        if (placement.Devices.Count == 0 || offloaded == 0)
        {
            return devices;
        }

        double[] ends = CumulativeShares(placement);
        int first = layers + 1 - offloaded;
        for (int layer = first; layer <= layers; layer++)
        {
            // std::upper_bound over the cumulative shares: the first end that lies beyond the layer's position.
            double position = (double)(layer - first) / offloaded;
            int device = 0;
            while (device < ends.Length - 1 && ends[device] <= position)
            {
                device++;
            }

            devices[layer] = device;
        }

        return devices;
    }

    private static double[] CumulativeShares(Placement placement)
    {
        double[] ends = new double[placement.Devices.Count];
        double sum = 0;
        for (int at = 0; at < ends.Length; at++)
        {
            sum += placement.Shares.Count > 0 ? placement.Shares.ElementAtOrDefault(at) : placement.Devices[at].FreeBytes;
            ends[at] = sum;
        }

        for (int at = 0; at < ends.Length && sum > 0; at++)
        {
            ends[at] /= sum;
        }

        return ends;
    }

    private static void AddRecurrent(ModelDescription model, Placement placement, int[] deviceOf, Totals[] totals, Func<int, int> at)
    {
        if (model.Recurrent is not { LayerCount: > 0 } recurrent)
        {
            return;
        }

        // Recurrent state is always f32, one a slot; layers without a KV cache carry it (all of them when every layer has one).
        long perLayer = (recurrent.ConvolutionElements + recurrent.StateElements) * sizeof(float) * placement.Slots;
        int left = recurrent.LayerCount;
        bool everywhere = recurrent.LayerCount >= model.LayerCount;
        for (int layer = 0; layer < model.LayerCount && left > 0; layer++)
        {
            bool keepsKv = layer < model.Attention.Count && model.Attention[layer].KeyValueHeadCount > 0;
            if (everywhere || !keepsKv)
            {
                totals[at(deviceOf[layer])].Recurrent += perLayer;
                left--;
            }
        }
    }

    private static void AddCompute(ModelDescription model, Placement placement, int[] deviceOf, Totals[] totals, Func<int, int> at)
    {
        long tokens = Math.Min(placement.UbatchSize, placement.ContextLength);
        long cells = Pad(placement.Unified ? placement.ContextLength : placement.ContextLength / placement.Slots);
        int heads = model.Attention.Count > 0 ? model.Attention.Max(shape => shape.HeadCount) : 0;
        bool pipelined = placement.Devices.Count > 1 && placement.GpuLayers > model.LayerCount && placement.CpuMoeLayers == 0;

        long mask = cells * tokens * (placement.FlashAttention ? 2 : 4) * (pipelined ? PipelineCopies : 1);
        long scores = placement.FlashAttention ? 0 : cells * tokens * heads * sizeof(float);
        long feedForward = model.Experts is { } experts
            ? Math.Max(model.FeedForwardLength, (long)experts.UsedCount * experts.FeedForwardLength)
            : model.FeedForwardLength;
        long activations = ((4L * model.EmbeddingLength) + (2 * feedForward)) * tokens * sizeof(float);
        long logits = (long)model.VocabularySize * placement.Slots * sizeof(float);

        foreach (int device in deviceOf.Distinct())
        {
            totals[at(device)].Compute += mask + scores + activations;
        }

        totals[at(deviceOf[^1])].Compute += logits;
        if (placement.Devices.Count > 0)
        {
            // The host keeps the graph's inputs: embeddings of a batch.
            totals[^1].Compute += (long)model.EmbeddingLength * tokens * sizeof(float) * (pipelined ? PipelineCopies : 1);
        }
    }

    private static DeviceMemory Device(PlanDevice device, Totals totals)
    {
        DeviceMemory memory = new()
        {
            Name = device.Name,
            TotalBytes = device.Gpu.MemoryTotalBytes,
            WeightsBytes = totals.Weights,
            KvCacheBytes = totals.KvCache,
            RecurrentBytes = totals.Recurrent,
            ComputeBytes = totals.Compute,
            OverheadBytes = device.OverheadBytes,
            Layers = totals.Layers,
        };
        return memory with { FreeAfterBytes = device.FreeBytes - memory.UsedBytes };
    }

    private static HostMemory Host(Totals totals, HostInfo host)
    {
        HostMemory memory = new()
        {
            TotalBytes = host.Memory.TotalBytes,
            WeightsBytes = totals.Weights,
            KvCacheBytes = totals.KvCache,
            RecurrentBytes = totals.Recurrent,
            ComputeBytes = totals.Compute,
        };
        return memory with { FreeAfterBytes = host.Memory.AvailableBytes - memory.UsedBytes };
    }

    private static long Pad(long cells) => (cells + CellPadding - 1) / CellPadding * CellPadding;

    private struct Totals
    {
        public long Weights;
        public long KvCache;
        public long Recurrent;
        public long Compute;
        public int Layers;
    }
}
