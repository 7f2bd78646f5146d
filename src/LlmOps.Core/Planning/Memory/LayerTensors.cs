using LlmOps.Models;

namespace LlmOps.Planning.Memory;

/// <summary>A layer's tensors by name. Where a description has none, the usual ones of a transformer are made up from its shape.</summary>
internal sealed class LayerTensors
{
    private readonly Dictionary<string, WeightTensor> _tensors;

    public LayerTensors(ModelDescription model, int layer)
    {
        LayerWeights? weights = model.Weights.Layers.ElementAtOrDefault(layer);
        _tensors = (model.Weights.LayerTensors.ElementAtOrDefault(layer) is { Count: > 0 } tensors ? tensors : Usual(model, layer, weights)).ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
    }

    /// <summary>Bytes of the largest tensor: layers of one shape differ in their quantisation.</summary>
    public long LargestBytes => _tensors.Values.Select(tensor => tensor.Bytes).DefaultIfEmpty().Max();

    public WeightTensor? this[string name] => _tensors.GetValueOrDefault(name + ".weight");

    public bool Has(string name) => _tensors.ContainsKey(name + ".weight");

    public WeightTensor? Bias(string name) => _tensors.GetValueOrDefault(name + ".bias");

    /// <summary>A tensor that has no suffix, such as <c>ssm_a</c>.</summary>
    public WeightTensor? Bare(string name) => _tensors.GetValueOrDefault(name);

    /// <summary>The names and shapes that make two layers compute alike.</summary>
    public string Signature => string.Join('|', _tensors.Values.Select(tensor => $"{tensor.Name}:{tensor.Columns}x{tensor.Rows}"));

    private static IReadOnlyList<WeightTensor> Usual(ModelDescription model, int layer, LayerWeights? weights)
    {
        long width = model.EmbeddingLength;
        List<WeightTensor> tensors = [Make("attn_norm", width, 1), Make("ffn_norm", width, 1)];
        if (model.Attention.ElementAtOrDefault(layer) is { HeadCount: > 0 } shape)
        {
            long values = shape.ValueLength > 0 ? shape.ValueLength : shape.KeyLength;
            tensors.Add(Make("attn_q", width, (long)shape.HeadCount * shape.KeyLength));
            tensors.Add(Make("attn_k", width, (long)shape.KeyValueHeadCount * shape.KeyLength));
            tensors.Add(Make("attn_v", width, shape.KeyValueHeadCount * values));
            tensors.Add(Make("attn_output", shape.HeadCount * values, width));
        }

        bool experts = model.Experts is not null && weights is { ExpertBytes: > 0 };
        (string suffix, long inner, long count) = experts ? ("_exps", model.Experts!.FeedForwardLength, model.Experts.Count) : (string.Empty, model.FeedForwardLength, 1L);
        if (experts)
        {
            tensors.Add(Make("ffn_gate_inp", width, count));
        }

        tensors.Add(Make("ffn_gate" + suffix, width, inner * count));
        tensors.Add(Make("ffn_up" + suffix, width, inner * count));
        tensors.Add(Make("ffn_down" + suffix, inner, width * count));
        double elements = Math.Max(1, tensors.Sum(tensor => (double)tensor.Columns * tensor.Rows));
        long bytes = (weights?.DenseBytes ?? 0) + (weights?.ExpertBytes ?? 0);
        return [.. tensors.Select(tensor => tensor with { Bytes = (long)(bytes * ((double)tensor.Columns * tensor.Rows / elements)) })];
    }

    private static WeightTensor Make(string name, long columns, long rows) => new(name + ".weight", columns, rows, 0);
}
