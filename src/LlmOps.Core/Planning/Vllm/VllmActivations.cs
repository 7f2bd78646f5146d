using LlmOps.Models;

namespace LlmOps.Planning.Vllm;

/// <summary>Estimates what a step takes besides weights and pool: activations, graphs, libraries.</summary>
/// <remarks>
/// vLLM measures these by running one step of the largest size and one of the sampler (<c>v1/worker/gpu_worker.py</c>, <c>determine_available_memory</c>);
/// without the cards they are added up from the widths. docs/vllm.md has the table that holds them against published logs.
/// </remarks>
internal static class VllmActivations
{
    // What stays allocated outside torch while the trial step runs: modules of kernels, cuBLAS; and NCCL's buffers among ranks. Measured 0.13 GiB with 0.11
    // (H100, llm-d's planner); V1 before 0.9 counted the CUDA context too (gpu_worker.py of 0.7), and logs of 0.19 to 0.22 leave as much unexplained.
    private const long Kernels = 133 * Bytes.MiB;
    private const long KernelsWithContext = 768 * Bytes.MiB;
    private const long Communication = 154 * Bytes.MiB;

    // Logs of 0.19 to 0.23: 2 graphs of 40 layers 0.36 GiB, 54 of 28 0.37, 86 of 32 0.64 and 0.78; the first capture sets up a memory pool.
    private const long GraphPool = 300 * Bytes.MiB;
    private const long GraphBytesPerLayer = 150 * Bytes.KiB;

    // The encoder's cache holds this many tokens at least, and is tried with pictures as large as that (0.21: "budget of 16384 tokens").
    private const long EncoderTokens = 16384;

    /// <summary>Bytes of intermediate results of the largest step.</summary>
    public static long Peak(ModelDescription model, VllmSetting setting)
    {
        double results = (double)setting.BatchTokens * model.EmbeddingLength * setting.ElementBytes;
        double text = Math.Max(Step(model, setting), results + Logits(model, setting));
        MultimodalPart? vision = setting.LanguageOnly ? null : model.Multimodal.FirstOrDefault(part => part.Kind == MultimodalKind.Vision);
        if (vision is null)
        {
            return (long)text;
        }

        double cache = EncoderTokens * model.EmbeddingLength * (double)setting.ElementBytes;
        double encoder = 4.0 * EncoderTokens * vision.EmbeddingLength * setting.ElementBytes * 6 / setting.TensorParallel;
        return (long)(cache + Math.Max(text, encoder));
    }

    /// <summary>Bytes of CUDA graphs. Counted within the share from 0.21 on, outside before.</summary>
    public static long Graphs(ModelDescription model, VllmSetting setting)
    {
        if (setting.GraphMode == "NONE")
        {
            return 0;
        }

        // Pieces are captured for every size, whole decode steps for those that so many requests can make.
        long most = Math.Min(512, 2L * setting.Sequences * (1 + setting.DraftTokens));
        long graphs = Sizes(most) + (setting.GraphMode == "FULL_AND_PIECEWISE" ? Sizes(Math.Min(most, (long)setting.Sequences * (1 + setting.DraftTokens))) : 0);
        return GraphPool + (graphs * model.LayerCount * GraphBytesPerLayer);
    }

    /// <summary>Bytes outside torch that vLLM counts.</summary>
    public static long Others(VllmSetting setting) =>
        (setting is { UsesFirstEngine: false } && (setting.Version.IsAtLeast(12) || !setting.Version.IsAtLeast(9)) ? KernelsWithContext : Kernels) + (setting.Ranks > 1 ? Communication : 0);

    // At the gated product the two halves, their product and the sum of the layers before are there; in attention the heads' vectors and their results.
    private static double Step(ModelDescription model, VllmSetting setting)
    {
        double ranks = setting.TensorParallel;
        double width = 2.0 * model.EmbeddingLength;
        double dense = 3.0 * model.FeedForwardLength / ranks;
        double experts = model.Experts is { } shape
            ? (shape.UsedCount * 1.5 * Math.Max(2.0 * shape.FeedForwardLength / ranks, model.EmbeddingLength)) + (3.0 * shape.SharedFeedForwardLength / ranks)
            : 0;
        double attention = model.Attention.Count == 0 ? 0 : model.Attention.Max(layer => 2.0 * (layer.HeadCount + layer.KeyValueHeadCount) * layer.KeyLength) / ranks;
        double recurrent = model.Recurrent is { ConvolutionTaps: > 0 } state ? 6.0 * state.ConvolutionElements / state.ConvolutionTaps / ranks : 0;
        return setting.BatchTokens * setting.ElementBytes * (width + Math.Max(Math.Max(dense, experts), Math.Max(attention, recurrent)));
    }

    // The sampler is tried with all requests at once. Measured with 0.11: 38.3 bytes a logit for vocabularies from 128256 to 201088 (H100, 1024 requests,
    // llm-d's planner): copies, a sort of values with 64-bit indices, and its scratch. 0.17 stopped sorting (PR 33538); the first engine kept
    // probabilities and their logarithms beside it. Before 0.8 the second engine tried no sampler but logits of all tokens (gpu_model_runner.py of 0.7).
    private static double Logits(ModelDescription model, VllmSetting setting)
    {
        double rows = (double)setting.Sequences * (1 + setting.DraftTokens) * model.VocabularySize;
        return setting.UsesFirstEngine ? 46 * rows
            : !setting.Version.IsAtLeast(8) ? (double)setting.BatchTokens * model.VocabularySize * setting.ElementBytes
            : setting.Version.IsAtLeast(17) ? 14 * rows
            : 38.3 * rows;
    }

    // 1, 2, 4, then every 8 up to 256 and every 16 up to 512; never beyond twice the tokens of a decode step (config/vllm.py).
    private static long Sizes(long most) =>
        (most >= 1 ? 1 : 0) + (most >= 2 ? 1 : 0) + (most >= 4 ? 1 : 0) + (Math.Min(most, 256) / 8) + (Math.Max(0, most - 256) / 16);
}
