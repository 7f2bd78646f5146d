using LlmOps.Models;

namespace LlmOps.Planning.Memory;

/// <summary>Bytes of weights in each place.</summary>
internal static class WeightPlacement
{
    /// <summary>Bytes of each device and, last, of the host. Input tables are always on the host; next-token layers are loaded only for drafting.</summary>
    public static long[] Estimate(ModelDescription model, Placement placement, IReadOnlyList<int> deviceOf, TensorPlaces places)
    {
        int host = placement.Devices.Count;
        long[] bytes = new long[host + 1];
        bytes[places.Find(-1, "token_embd.weight") ?? host] += model.Weights.InputBytes;
        Share(model.Weights.OutputBytes, places.Find(-1, "output.weight") ?? At(deviceOf[model.LayerCount]), placement.Matrices == MatrixSplit.Tensors);
        // No Vulkan device scans the states of the first kind of Mamba, so what only the scan reads is loaded to the host.
        bool scansOnHost = model.Recurrent is not null && ComputeBuffers.IsVulkan(placement) && LayerTensors.Of(model).Any(layer => layer.Has("ssm_x"));
        int loaded = placement.DraftsNextTokens ? model.LayerCount : model.LayerCount - model.NextTokenLayerCount;
        foreach (LayerWeights weights in model.Weights.Layers)
        {
            int layer = weights.Layer;
            if (layer >= loaded)
            {
                continue;
            }

            if ((places.HasOverrides || placement.Matrices != MatrixSplit.Layers) && model.Weights.LayerTensors.ElementAtOrDefault(layer) is { Count: > 0 } tensors)
            {
                foreach (WeightTensor tensor in tensors)
                {
                    Share(tensor.Bytes, places.Find(layer, tensor.Name) ?? At(deviceOf[layer]), IsShared(tensor, placement.Matrices));
                }

                continue;
            }

            long scanned = scansOnHost ? LayerTensors.Of(model)[layer].Bare("ssm_a")?.Bytes ?? 0 : 0;
            bytes[At(deviceOf[layer])] += weights.DenseBytes - scanned;
            bytes[host] += scanned;
            bytes[layer < placement.CpuMoeLayers ? host : At(deviceOf[layer])] += weights.ExpertBytes;
        }

        return bytes;

        int At(int device) => device < 0 ? host : device;

        void Share(long size, int at, bool isShared)
        {
            if (!isShared || at == host || host < 2)
            {
                bytes[at] += size;
                return;
            }

            float begin = 0;
            float[] ends = LayerPlacement.CumulativeShares(placement);
            for (int device = 0; device < host; device++)
            {
                bytes[device] += (long)(size * (double)(ends[device] - begin));
                begin = ends[device];
            }
        }
    }

    // Rows of plain matrices only: experts are multiplied by number, which split buffers cannot do (ggml-cuda, supports_op).
    private static bool IsShared(WeightTensor tensor, MatrixSplit split) => split switch
    {
        MatrixSplit.Tensors => tensor.Rows > 1,
        MatrixSplit.Rows => tensor.Rows > 1 && !tensor.Name.Contains("exps", StringComparison.Ordinal) && !tensor.Name.StartsWith("ssm_conv", StringComparison.Ordinal),
        _ => false,
    };
}
