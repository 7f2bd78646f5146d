using LlmOps.Hardware;
using LlmOps.Models;

namespace LlmOps.Planning;

/// <summary>Predicts the speed of one stream: a roofline of the bytes that a token reads and of the products that a prompt needs.</summary>
/// <param name="roofline">How much of the hardware's speed is reached.</param>
internal sealed class ThroughputPredictor(Roofline roofline)
{
    /// <summary>Tokens of context that are filled already in a prediction of the decode rate: a usual conversation.</summary>
    public const long UsualDepth = 4096;

    private const long PromptTokens = 4096;

    /// <summary>The prediction for <paramref name="placement"/>; rates are null where a speed is not known.</summary>
    public static ThroughputPrediction Predict(ModelDescription model, Placement placement, HostInfo host)
    {
        ThroughputPredictor predictor = new(Roofline.Fitted);
        (double? decode, string limitedBy) = predictor.Decode(model, placement, host, Math.Min(UsualDepth, placement.ContextLength));
        (double? roof, _) = new ThroughputPredictor(Roofline.Theoretical).Decode(model, placement, host, Math.Min(UsualDepth, placement.ContextLength));
        (double? full, _) = predictor.Decode(model, placement, host, placement.ContextLength / (placement.Unified ? 1 : placement.Slots));
        return new ThroughputPrediction(Rounded(decode), Rounded(predictor.Prefill(model, placement, host)), limitedBy)
        {
            RooflineDecodeTokensPerSecond = Rounded(roof),
            DecodeAtFullContextTokensPerSecond = Rounded(full),
        };
    }

    /// <summary>Tokens a second that one stream generates when <paramref name="depth"/> tokens are in its context, and what bounds it.</summary>
    /// <remarks>seconds a token = Σ over places of bytes read there / (bandwidth there × share reached) + layers × seconds a layer + changes of place.</remarks>
    public (double? Rate, string LimitedBy) Decode(ModelDescription model, Placement placement, HostInfo host, long depth)
    {
        ActiveWeights[] places = ActiveWeights.Of(model, placement, depth);
        double seconds = 0;
        double slowest = 0;
        string limitedBy = "nothing";
        for (int at = 0; at < places.Length; at++)
        {
            ActiveWeights active = places[at];
            if (active.Bytes <= 0)
            {
                continue;
            }

            bool isHost = at == placement.Devices.Count;
            string name = isHost ? "main memory bandwidth" : $"memory bandwidth of {placement.Devices[at].Name}";
            double? bandwidth = isHost ? host.Memory.BandwidthBytesPerSecond : DeviceSpeeds.BytesPerSecond(placement.Devices[at].Gpu, host);
            if (bandwidth is not > 0)
            {
                return (null, $"{name}, which is not known for this machine");
            }

            double here = active.Bytes / (bandwidth.Value * (isHost ? roofline.HostBandwidth : Reached(placement.Devices[at].Gpu)));
            seconds += here;
            if (here > slowest)
            {
                (slowest, limitedBy) = (here, name);
            }
        }

        double perLayer = (model.Experts is null ? roofline.LayerSeconds : roofline.ExpertLayerSeconds) * model.LayerCount;
        double crossings = roofline.CrossingSeconds * Crossings(model, placement);
        seconds += perLayer + crossings;
        return (seconds > 0 ? 1 / seconds : null, perLayer + crossings > slowest ? "the time that starting each layer's operations takes" : limitedBy);
    }

    /// <summary>Tokens a second at which a prompt of 4096 tokens is read; null when a speed is not known.</summary>
    /// <remarks>
    /// A micro batch costs each place the greater of its computation and its reading of weights. Weights of the host visit the first GPU over its link when
    /// a batch is large. Where several GPUs hold all layers, they work on different micro batches at a time and the slowest one decides.
    /// </remarks>
    public double? Prefill(ModelDescription model, Placement placement, HostInfo host)
    {
        ActiveWeights[] places = ActiveWeights.Of(model, placement, PromptTokens / 2);
        double batch = Math.Min(placement.UbatchSize, placement.ContextLength);
        double sum = 0;
        double longest = 0;
        for (int at = 0; at < places.Length; at++)
        {
            ActiveWeights active = places[at];
            double weights = active.DenseBytes + active.AllExpertBytes;
            if (weights <= 0)
            {
                continue;
            }

            bool isHost = at == placement.Devices.Count;
            GpuDevice? gpu = isHost ? placement.Devices.Count > 0 ? placement.Devices[0].Gpu : null : placement.Devices[at].Gpu;
            double? flops = gpu is null ? DeviceSpeeds.FlopsPerSecond(host.Cpu) * roofline.HostCompute
                : DeviceSpeeds.FlopsPerSecond(gpu) * (active.ExpertBytes > active.DenseBytes / 4 ? roofline.ExpertCompute : roofline.DenseCompute);
            double? bandwidth = !isHost ? DeviceSpeeds.BytesPerSecond(gpu!, host) * Reached(gpu!)
                : gpu is null ? host.Memory.BandwidthBytesPerSecond * roofline.HostBandwidth : DeviceSpeeds.LinkBytesPerSecond(gpu);
            if (flops is not > 0 || bandwidth is not > 0)
            {
                return null;
            }

            double attention = 2.0 * PromptTokens * AttentionElements(model) * active.Layers / Math.Max(1, model.LayerCount);
            double here = Math.Max(batch * ((2 * active.Parameters) + attention) / flops.Value, weights / bandwidth.Value);
            sum += here;
            longest = Math.Max(longest, here);
        }

        bool overlaps = Memory.ComputeBuffers.IsPipelined(model, placement) && placement.BatchSize > placement.UbatchSize;
        double steps = Math.Max(1, PromptTokens / batch);
        double seconds = overlaps ? sum + (longest * (steps - 1)) : sum * steps;
        return seconds > 0 ? Math.Min(PromptTokens, batch * steps) / seconds : null;
    }

    private double Reached(GpuDevice gpu) => GpuSpeeds.Of(gpu.Name) is { IsTuned: false } ? roofline.OtherGpuBandwidth : roofline.GpuBandwidth;

    // Products of queries with keys and of scores with values, over all layers and half the prompt.
    private static double AttentionElements(ModelDescription model) =>
        model.Attention.Where(shape => shape.KeyValueHeadCount > 0 && shape.SlidingWindow is null).Sum(shape => (double)shape.HeadCount * (shape.KeyLength + shape.ValueLength));

    private static int Crossings(ModelDescription model, Placement placement)
    {
        int[] deviceOf = MemoryModel.LayerDevices(model.LayerCount, placement);
        int crossings = 0;
        for (int layer = 1; layer < deviceOf.Length; layer++)
        {
            crossings += deviceOf[layer] == deviceOf[layer - 1] ? 0 : 1;
        }

        return crossings + (placement.Devices.Count > 0 ? 2 * placement.CpuMoeLayers : 0);
    }

    private static double? Rounded(double? rate) => rate is { } known ? Math.Round(known, known < 10 ? 2 : 1) : null;
}
