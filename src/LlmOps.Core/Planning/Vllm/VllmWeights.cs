using LlmOps.Models;

namespace LlmOps.Planning.Vllm;

/// <summary>Bytes of weights on each card: what is cut by tensor parallel, what every rank holds whole, and the tables made while loading.</summary>
/// <remarks>
/// Cut: linear layers, experts, the embeddings and the head (by vocabulary). Whole on each rank: norms, the router of experts, the projections that
/// multi-head latent attention compresses with, the layer that joins MTP's two inputs, and keys and values where there are fewer heads than ranks.
/// Made while loading: one table of sines and cosines for all positions, four times as long for models that take pictures (vllm
/// <c>layers/rotary_embedding/mrope.py</c>). Llama 3.1 8B: 14.957 GiB of tensors and 32 MiB of table are the 14.9888 GiB that vLLM logs (issue 10517).
/// </remarks>
internal static class VllmWeights
{
    private static readonly string[] s_whole = ["norm", "mlp.gate.", "block_sparse_moe.gate.", "feed_forward.router", "router.", "q_a_proj", "kv_a_proj", "shared_expert_gate", "indexer.weights_proj", "indexer.wk", "fc.", "eh_proj", "dt_bias.", "e_score_correction"];

    /// <summary>Bytes on the card that holds most.</summary>
    public static long PerGpu(ModelDescription model, VllmSetting setting)
    {
        int ranks = setting.TensorParallel;
        int body = model.LayerCount - model.NextTokenLayerCount;
        bool drafts = setting.DraftTokens > 0 && setting.UsesNextTokenLayers;
        double layers = 0;

        // Stages hold whole layers: where they do not share out evenly, some hold one more (distributed/utils.py, get_pp_indices).
        double stage = body == 0 ? 1 : (body + setting.PipelineParallel - 1) / setting.PipelineParallel / (double)body;
        for (int layer = 0; layer < model.Weights.Layers.Count; layer++)
        {
            if (layer >= body && !drafts)
            {
                continue; // Tensors of MTP are skipped unless they are used.
            }

            layers += (layer < body ? stage : 1) * Layer(model, layer, ranks);
        }

        long ends = model.Weights.InputBytes + model.Weights.OutputBytes;
        if (setting.PipelineParallel > 1 && !model.Weights.TiedEmbeddings)
        {
            ends = Math.Max(model.Weights.InputBytes, model.Weights.OutputBytes);
        }

        long parts = setting.LanguageOnly ? 0 : model.Multimodal.Sum(part => part.Bytes);
        return (long)(layers + ((double)ends / ranks) + ((double)(parts + setting.DraftWeightsBytes) / ranks)) + PositionTable(model, setting.ElementBytes);
    }

    /// <summary>Bytes that the model's tensors take if each is held once, those of MTP only where they are used.</summary>
    public static long Loaded(ModelDescription model, bool drafts) => model.SizeBytes
        - (drafts ? 0 : model.Weights.Layers.Skip(model.LayerCount - model.NextTokenLayerCount).Sum(layer => layer.DenseBytes + layer.ExpertBytes));

    private static double Layer(ModelDescription model, int layer, int ranks)
    {
        LayerWeights sums = model.Weights.Layers[layer];
        long whole = 0;
        double repeated = 0;
        int heads = layer < model.Attention.Count ? model.Attention[layer].KeyValueHeadCount : 0;
        foreach (WeightTensor tensor in layer < model.Weights.LayerTensors.Count ? model.Weights.LayerTensors[layer] : [])
        {
            if (s_whole.Any(mark => tensor.Name.Contains(mark, StringComparison.Ordinal)))
            {
                whole += tensor.Bytes;
            }
            else if (heads > 0 && heads < ranks && (tensor.Name.Contains(".k_proj", StringComparison.Ordinal) || tensor.Name.Contains(".v_proj", StringComparison.Ordinal)))
            {
                repeated += (tensor.Bytes / (double)heads) - (tensor.Bytes / (double)ranks);
            }
        }

        return ((sums.DenseBytes + sums.ExpertBytes - whole) / (double)ranks) + whole + repeated;
    }

    private static long PositionTable(ModelDescription model, int elementBytes)
    {
        AttentionShape? shape = model.Attention.FirstOrDefault(attention => attention.KeyValueHeadCount > 0);
        if (shape is null || model.ContextLength <= 0)
        {
            return 0;
        }

        int width = model.RotaryLength ?? (shape.ValueLength == 0 ? 64 : shape.KeyLength);
        return model.ContextLength * width * elementBytes * (model.Multimodal.Any(part => part.Kind == MultimodalKind.Vision) ? 4 : 1);
    }
}
