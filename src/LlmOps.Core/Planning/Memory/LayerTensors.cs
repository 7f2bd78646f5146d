using System.Runtime.CompilerServices;
using LlmOps.Models;

namespace LlmOps.Planning.Memory;

/// <summary>A layer's tensors by name. Where a description has none, the usual ones of a transformer are made up from its shape.</summary>
internal sealed class LayerTensors
{
    // A plan tries many placements of one model.
    private static readonly ConditionalWeakTable<ModelDescription, LayerTensors[]> s_known = [];

    private readonly Dictionary<string, WeightTensor> _tensors;

    /// <summary>Each layer's tensors.</summary>
    public static IReadOnlyList<LayerTensors> Of(ModelDescription model) =>
        s_known.GetValue(model, static known => [.. Enumerable.Range(0, known.LayerCount).Select(layer => new LayerTensors(known, layer))]);

    private LayerTensors(ModelDescription model, int layer)
    {
        _tensors = Index(model.Weights.LayerTensors.ElementAtOrDefault(layer) ?? []);
        IsForeign = _tensors.Count > 0 && !IsUnderstood();
        if (_tensors.Count == 0 || IsForeign)
        {
            _tensors = Index(Usual(model, layer, model.Weights.Layers.ElementAtOrDefault(layer)));
        }

        LargestBytes = _tensors.Values.Select(tensor => tensor.Bytes).DefaultIfEmpty().Max();
        Signature = string.Join('|', _tensors.Values.Select(tensor => $"{tensor.Name}:{tensor.Columns}x{tensor.Rows}"));
    }

    /// <summary>Whether the layer's tensors belong to operations that are not known here, so that a usual layer stands for it.</summary>
    public bool IsForeign { get; }

    /// <summary>Bytes of the largest tensor: layers of one shape differ in their quantisation.</summary>
    public long LargestBytes { get; }

    /// <summary>All names.</summary>
    public IReadOnlyCollection<string> Names => _tensors.Keys;

    public WeightTensor? this[string name] => _tensors.GetValueOrDefault(name + ".weight") ?? _tensors.GetValueOrDefault(name);

    public bool Has(string name) => _tensors.ContainsKey(name + ".weight");

    public WeightTensor? Bias(string name) => _tensors.GetValueOrDefault(name + ".bias");

    /// <summary>A tensor that has no suffix, such as <c>ssm_a</c>.</summary>
    public WeightTensor? Bare(string name) => _tensors.GetValueOrDefault(name);

    /// <summary>The names and shapes that make two layers compute alike.</summary>
    public string Signature { get; }

    private static Dictionary<string, WeightTensor> Index(IReadOnlyList<WeightTensor> tensors)
    {
        Dictionary<string, WeightTensor> index = new(tensors.Count, StringComparer.Ordinal);
        foreach (WeightTensor tensor in tensors)
        {
            index[tensor.Name] = tensor;
        }

        return index;
    }

    private bool IsUnderstood()
    {
        bool latent = !Has("attn_kv_a_mqa") || (Has("attn_kv_a_norm") && Has("attn_output") && (Has("attn_q") || (Has("attn_q_a") && Has("attn_q_a_norm") && Has("attn_q_b")))
            && (Has("attn_kv_b") || (Has("attn_k_b") && Has("attn_v_b"))));
        bool stateSpace = !Has("ssm_in") || (Has("ssm_conv1d") && Has("ssm_out"));
        bool deltaNet = !Has("ssm_conv1d") || Has("ssm_out");
        bool convolution = !Has("shortconv.in_proj") || Has("shortconv.out_proj");
        bool experts = !Has("ffn_gate_inp") || (Has("ffn_down_exps") && (Has("ffn_up_exps") || Has("ffn_gate_up_exps")));
        bool mixes = Has("attn_q") || Has("attn_qkv") || Has("attn_kv_a_mqa") || Has("ssm_in") || Has("shortconv.in_proj");
        return latent && stateSpace && deltaNet && convolution && experts && (mixes || Has("ffn_up") || Has("ffn_gate_inp")) && !Has("time_mix_key");
    }

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
