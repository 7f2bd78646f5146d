using System.Collections.Frozen;
using LlmOps.Models;

namespace LlmOps.Planning.Memory;

/// <summary>What an architecture's computation has of its own, where its tensors do not tell.</summary>
/// <remarks>Source: llama.cpp <c>src/models/*.cpp</c>.</remarks>
internal sealed class GraphTraits(ModelDescription model)
{
    // The sum of the chosen experts' weights is divided out, but not in these.
    private static readonly FrozenSet<string> s_plainWeights = FrozenSet.Create("jamba", "gpt-oss", "qwen2moe", "olmoe", "dbrx", "arctic", "phimoe", "llama4");

    // Pictures have positions in several dimensions (llama_model_rope_type: MROPE, IMROPE).
    private static readonly FrozenSet<string> s_severalDimensions = FrozenSet.Create("qwen2vl", "qwen3vl", "qwen3vlmoe", "qwen35", "qwen35moe", "paddleocr", "hunyuan_vl");

    /// <summary>Numbers that tell a token's position.</summary>
    public int Dimensions => s_severalDimensions.Contains(model.Architecture) ? 4 : 1;

    /// <summary>Whether embeddings are scaled by one factor.</summary>
    public bool ScalesEmbeddings => Is("gemma") || Is("granite") || Is("minicpm");

    /// <summary>Whether each row of the embeddings has a factor of its own, since those of pictures are not scaled.</summary>
    public bool ScalesRows => model.Architecture is "gemma3" or "gemma3n" or "gemma4";

    /// <summary>Whether what is added to the stream is scaled before.</summary>
    public bool ScalesResults => Is("granite") || Is("minicpm");

    /// <summary>Whether the stream is the first summand, whose memory the sum takes; else what is added to it.</summary>
    public bool AddsToStream => model.Architecture is "lfm2" or "lfm2moe" or "jamba";

    /// <summary>As <see cref="AddsToStream"/>, after the feed-forward part.</summary>
    public bool AddsFeedForwardToStream => AddsToStream || model.Architecture is "phi3" or "phimoe";

    /// <summary>Whether values are normed, without a weight.</summary>
    public bool NormsValues => model.Architecture == "gemma4";

    /// <summary>Whether activations are squared.</summary>
    public bool Squares => Is("nemotron");

    /// <summary>Whether the weights of experts come from the logits of the chosen ones alone.</summary>
    public bool ChoosesExpertsFirst => model.Architecture == "gpt-oss";

    /// <summary>Whether a layer turns queries and keys by their positions. Others know the order of the tokens from the states beside them, or from those that look back over a window.</summary>
    public bool Turns(AttentionShape shape) => model.Architecture switch
    {
        "cohere2" or "cohere2moe" or "exaone4" or "exaone-moe" => shape.SlidingWindow is not null,
        "jamba" or "nemotron_h" or "nemotron_h_moe" or "granitehybrid" => false,
        _ => true,
    };

    /// <summary>Whether the weights of the chosen experts are brought to a sum of one. deepseek2 tells by a key of its file, which those that choose with a bias have.</summary>
    public bool NormalisesExperts(LayerTensors tensors) =>
        !s_plainWeights.Contains(model.Architecture) && (model.Architecture != "deepseek2" || tensors.Bias("exp_probs_b") is not null);

    private bool Is(string family) => model.Architecture.StartsWith(family, StringComparison.Ordinal);
}
