using LlmOps.Models;

namespace LlmOps.Planning.Vllm;

/// <summary>Predicts the speed of one stream under tensor parallel: each card reads its share of the weights for every step.</summary>
/// <remarks>
/// Qwen3.6-27B in 4 bits on two RTX 2080 Ti: 45 tokens/s without MTP and 77 to 90 with three drafted tokens (caovan.com). Of drafts, four in five
/// positions are taken to be accepted (its readers' logs: 0.87, 0.80, 0.70, 0.60 by position); a step with drafts takes half as long again.
/// </remarks>
internal static class VllmThroughput
{
    private const double Accepted = 0.8;
    private const double DraftedStep = 1.5;

    // Two sums over the cards in each layer, a few KiB each: their latency counts, not their size.
    private const double SumSeconds = 20e-6;

    /// <summary>The prediction; rates are null where the cards' speed is not known.</summary>
    public static ThroughputPrediction Predict(ModelDescription model, VllmSetting setting, VllmBudget budget, Hardware.HostInfo host)
    {
        Roofline roofline = Roofline.Fitted;
        Hardware.GpuDevice slowest = setting.Gpus.MinBy(gpu => DeviceSpeeds.BytesPerSecond(gpu, host) ?? 0)!;
        if (DeviceSpeeds.BytesPerSecond(slowest, host) is not (> 0 and { } bandwidth))
        {
            return Unknown(slowest.Name);
        }

        double active = ActiveBytes(model) / setting.TensorParallel;
        double depth = Math.Min(ThroughputPredictor.UsualDepth, setting.ContextLength);
        double seconds = Seconds(depth);
        double full = Seconds(setting.ContextLength);
        double gain = setting.DraftTokens == 0 ? 1 : (1 - Math.Pow(Accepted, setting.DraftTokens + 1)) / (1 - Accepted) / DraftedStep;
        double? flops = DeviceSpeeds.FlopsPerSecond(slowest);
        double prefill = flops is > 0 ? flops.Value * setting.TensorParallel * (model.Experts is null ? roofline.DenseCompute : roofline.ExpertCompute) / (2 * ActiveParameters(model)) : 0;
        return new ThroughputPrediction(Math.Round(gain / seconds, 1), prefill > 0 && double.IsFinite(prefill) ? Math.Round(prefill) : null, $"memory bandwidth of {slowest.Name}")
        {
            RooflineDecodeTokensPerSecond = Math.Round(bandwidth / (active + Cache(depth)), 1),
            DecodeAtFullContextTokensPerSecond = Math.Round(gain / full, 1),
        };

        double Cache(double tokens) => budget.Pool.BlocksPerRequest == 0 ? 0 : budget.Pool.RequestBytes * tokens / setting.ContextLength;

        double Seconds(double tokens)
        {
            double layer = model.Experts is null ? roofline.LayerSeconds : roofline.ExpertLayerSeconds;
            return ((active + Cache(tokens)) / (bandwidth * roofline.GpuBandwidth)) + ((layer + (setting.TensorParallel > 1 ? 2 * SumSeconds : 0)) * model.LayerCount);
        }
    }

    private static ThroughputPrediction Unknown(string gpu) => new(null, null, $"memory bandwidth of {gpu}, which is not known");

    private static double ActiveBytes(ModelDescription model)
    {
        double share = model.Experts is { Count: > 0 } experts ? (double)experts.UsedCount / experts.Count : 1;
        return model.Weights.OutputBytes + model.Weights.Layers.Take(model.LayerCount - model.NextTokenLayerCount).Sum(layer => layer.DenseBytes + (layer.ExpertBytes * share));
    }

    private static double ActiveParameters(ModelDescription model) => Math.Max(1, model.ParameterCount) * ActiveBytes(model) / Math.Max(1, model.SizeBytes);
}
