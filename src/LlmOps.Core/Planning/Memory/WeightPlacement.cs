using LlmOps.Models;

namespace LlmOps.Planning.Memory;

/// <summary>Bytes of weights in each place.</summary>
internal static class WeightPlacement
{
    /// <summary>Bytes of each device and, last, of the host. Input tables are always on the host; next-token layers are loaded only for drafting.</summary>
    public static long[] Estimate(ModelDescription model, Placement placement, IReadOnlyList<int> deviceOf)
    {
        int host = placement.Devices.Count;
        long[] bytes = new long[host + 1];
        bytes[host] += model.Weights.InputBytes;
        bytes[At(deviceOf[model.LayerCount])] += model.Weights.OutputBytes;
        int loaded = placement.DraftsNextTokens ? model.LayerCount : model.LayerCount - model.NextTokenLayerCount;
        foreach (LayerWeights weights in model.Weights.Layers.Where(weights => weights.Layer < loaded))
        {
            int at = At(deviceOf[weights.Layer]);
            bytes[at] += weights.DenseBytes;
            bytes[weights.Layer < placement.CpuMoeLayers ? host : at] += weights.ExpertBytes;
        }

        return bytes;

        int At(int device) => device < 0 ? host : device;
    }
}
