using LlmOps.Models;

namespace LlmOps.Planning.Vllm;

/// <summary>Estimates what a step takes besides weights and pool: activations, graphs, communication.</summary>
/// <remarks>
/// vLLM measures these by running one step of the largest size; without the cards they are added up from the widths. Held against published logs
/// (docs/vllm.md has the table) they are within half a GiB for single requests and too low by up to 3 GiB where hundreds of graph sizes are captured.
/// </remarks>
internal static class VllmActivations
{
    // What libraries take after the first measurement: cuBLAS and FlashInfer workspaces; with several ranks NCCL's buffers too. 0.33 GiB on two cards (issue 14452).
    private const long Libraries = 200 * Bytes.MiB;
    private const long Communication = 150 * Bytes.MiB;

    // The first capture sets up a memory pool; each further size takes a little in every layer. From 0.49 GiB for 5 sizes of two kinds in 64 layers.
    private const long GraphPool = 256 * Bytes.MiB;
    private const long GraphBytesPerLayer = 256 * Bytes.KiB;

    // For each logit: itself in 32 bits, a copy scaled by temperature, and both results of sorting, the indices in 64 bits.
    private const double SamplerBytes = 20;

    // The encoder's cache holds this many tokens at least, and is tried with pictures as large as that (0.21: "budget of 16384 tokens").
    private const long EncoderTokens = 16384;

    /// <summary>Bytes of intermediate results of the largest step.</summary>
    public static long Peak(ModelDescription model, VllmSetting setting)
    {
        long tokens = setting.BatchTokens;
        double ranks = setting.TensorParallel;
        double width = 6.0 * model.EmbeddingLength;
        double dense = 3.0 * model.FeedForwardLength / ranks;
        double experts = model.Experts is { } shape
            ? (shape.UsedCount * 1.5 * Math.Max(2.0 * shape.FeedForwardLength / ranks, model.EmbeddingLength)) + (3.0 * shape.SharedFeedForwardLength / ranks)
            : 0;
        double recurrent = model.Recurrent is { ConvolutionTaps: > 0 } state ? 6.0 * state.ConvolutionElements / state.ConvolutionTaps / ranks : 0;
        double step = tokens * setting.ElementBytes * (width + Math.Max(dense, experts) + recurrent);
        double logits = SamplerBytes * setting.Sequences * (1 + setting.DraftTokens) * model.VocabularySize;
        double text = Math.Max(step, logits);
        MultimodalPart? vision = setting.LanguageOnly ? null : model.Multimodal.FirstOrDefault(part => part.Kind == MultimodalKind.Vision);
        if (vision is null)
        {
            return (long)text;
        }

        double cache = EncoderTokens * model.EmbeddingLength * (double)setting.ElementBytes;
        double encoder = 4.0 * EncoderTokens * vision.EmbeddingLength * setting.ElementBytes * 6 / ranks;
        return (long)(cache + Math.Max(text, encoder));
    }

    /// <summary>Bytes of CUDA graphs. Counted within the share from 0.21 on, outside before.</summary>
    public static long Graphs(ModelDescription model, VllmSetting setting)
    {
        if (setting.GraphMode == "NONE")
        {
            return 0;
        }

        int kinds = setting.GraphMode == "FULL_AND_PIECEWISE" ? 2 : 1;
        return GraphPool + (kinds * GraphSizes(setting) * (long)model.LayerCount * GraphBytesPerLayer);
    }

    /// <summary>Bytes of libraries beyond the CUDA context.</summary>
    public static long Others(VllmSetting setting) => Libraries + (setting.Ranks > 1 ? Communication : 0);

    // 1, 2, 4, then every 8 up to 256 and every 16 up to 512; never beyond twice the tokens of a decode step (config/vllm.py).
    private static int GraphSizes(VllmSetting setting)
    {
        long most = Math.Min(512, 2L * setting.Sequences * (1 + setting.DraftTokens));
        return (most >= 1 ? 1 : 0) + (most >= 2 ? 1 : 0) + (most >= 4 ? 1 : 0) + (int)(Math.Min(most, 256) / 8) + (int)(Math.Max(0, most - 256) / 16);
    }
}
