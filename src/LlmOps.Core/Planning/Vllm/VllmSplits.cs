using LlmOps.Models;

namespace LlmOps.Planning.Vllm;

/// <summary>Which ways of sharing a model among cards vLLM accepts.</summary>
/// <remarks>
/// Query heads must divide by the ranks; key-value heads must divide, or be repeated evenly. Weights with a scale for each block must be cut at blocks:
/// an expert or a feed-forward layer of 128-wide blocks that leaves a part of 64 does not load (vllm issues 52997, 54178).
/// </remarks>
internal static class VllmSplits
{
    /// <summary>Why <paramref name="model"/> cannot be shared among so many; null when it can.</summary>
    public static string? Problem(ModelDescription model, int ranks)
    {
        foreach (AttentionShape shape in model.Attention)
        {
            if (shape.HeadCount > 0 && shape.HeadCount % ranks != 0)
            {
                return $"it does not divide the model's {shape.HeadCount} attention heads";
            }

            int heads = shape.KeyValueHeadCount;
            if (heads > 0 && shape.ValueLength > 0 && heads % ranks != 0 && ranks % heads != 0)
            {
                return $"it neither divides the model's {heads} key-value heads nor is a multiple of them";
            }
        }

        if (model.QuantizationDetail is { BlockShape: [int rows, ..] } && rows > 1)
        {
            foreach ((string name, int width) in new[] { ("experts", model.Experts?.FeedForwardLength ?? 0), ("feed-forward layers", model.Experts is null ? model.FeedForwardLength : 0) })
            {
                if (width > 0 && (width % ranks != 0 || width / ranks % rows != 0))
                {
                    return $"the {name} are {width} wide, and {(width % ranks == 0 ? $"parts of {width / ranks}" : "such parts")} are no multiple of the quantisation's blocks of {rows}";
                }
            }
        }

        return null;
    }

    /// <summary>Counts of ranks up to <paramref name="most"/> that the model can be shared among.</summary>
    public static IReadOnlyList<int> Possible(ModelDescription model, int most) => [.. Enumerable.Range(1, Math.Max(1, most)).Where(ranks => Problem(model, ranks) is null)];
}
