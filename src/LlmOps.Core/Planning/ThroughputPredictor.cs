using LlmOps.Hardware;
using LlmOps.Models;

namespace LlmOps.Planning;

/// <summary>Predicts the speed of one stream from the bytes that each generated token must read: a roofline.</summary>
internal static class ThroughputPredictor
{
    /// <summary>The prediction for <paramref name="placement"/>; rates are null where a bandwidth is not known.</summary>
    /// <remarks>
    /// seconds per token = Σ over devices of (weights read per token there / memory bandwidth there). It is an upper bound: real engines reach 50-85 % of it.
    /// </remarks>
    public static ThroughputPrediction Predict(ModelDescription model, Placement placement, HostInfo host)
    {
        int[] deviceOf = MemoryModel.LayerDevices(model.LayerCount, placement);
        double[] bytes = new double[placement.Devices.Count + 1];
        double activeShare = model.Experts is { Count: > 0 } experts ? (double)experts.UsedCount / experts.Count : 1;
        foreach (LayerWeights layer in model.Weights.Layers)
        {
            int device = deviceOf[Math.Min(layer.Layer, model.LayerCount)];
            bytes[At(device)] += layer.DenseBytes;
            bytes[layer.Layer < placement.CpuMoeLayers ? ^1 : At(device)] += layer.ExpertBytes * activeShare;
        }

        bytes[At(deviceOf[^1])] += model.Weights.OutputBytes;

        double seconds = 0;
        double slowest = 0;
        string limitedBy = "nothing";
        for (int at = 0; at < bytes.Length; at++)
        {
            if (bytes[at] <= 0)
            {
                continue;
            }

            bool isHost = at == placement.Devices.Count;
            string name = isHost ? "main memory bandwidth" : $"memory bandwidth of {placement.Devices[at].Name}";
            double? bandwidth = isHost ? host.Memory.BandwidthBytesPerSecond : GpuBandwidths.Of(placement.Devices[at].Gpu.Name);
            if (bandwidth is not > 0)
            {
                return new ThroughputPrediction(null, null, $"{name}, which is not known for this machine");
            }

            double here = bytes[at] / bandwidth.Value;
            seconds += here;
            if (here > slowest)
            {
                (slowest, limitedBy) = (here, name);
            }
        }

        return new ThroughputPrediction(seconds > 0 ? Math.Round(1 / seconds, 1) : null, null, limitedBy);

        int At(int device) => device < 0 ? placement.Devices.Count : device;
    }
}
