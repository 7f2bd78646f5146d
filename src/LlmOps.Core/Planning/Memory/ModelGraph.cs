using LlmOps.Models;

namespace LlmOps.Planning.Memory;

/// <summary>The computation of a micro batch, from token numbers to logits, as llama.cpp builds it.</summary>
/// <remarks>Source: llama.cpp <c>src/llama-graph.cpp</c> and <c>src/models/*.cpp</c>; the layers' tensors say which operations they need.</remarks>
internal sealed class ModelGraph(ModelDescription model, GraphSetting setting)
{
    private readonly GraphBuilder _graph = new(setting);

    /// <summary>Inputs and operations in the order of computation.</summary>
    public (IReadOnlyList<GraphTensor> Inputs, IReadOnlyList<GraphTensor> Nodes) Build()
    {
        AttentionInputs inputs = new(_graph);
        AttentionGraph attention = new(_graph, inputs, rotatesWindowsOnly: model.Architecture is "cohere2" or "cohere2moe" or "exaone4" or "exaone-moe", keysFirst: model.Attention.Any(shape => shape.SlidingWindow is not null));
        FeedForwardGraph feedForward = new(_graph, model.Experts);
        RecurrentGraph? recurrent = model.Recurrent is null ? null : new RecurrentGraph(_graph, model.Recurrent);

        GraphTensor stream = Embed();
        int last = model.LayerCount - model.NextTokenLayerCount - 1;
        List<(int Layer, LayerTensors Tensors)> layers = [.. Samples(last)];
        for (int at = 0; at < layers.Count; at++)
        {
            (int layer, LayerTensors tensors) = layers[at];
            int? next = at + 1 < layers.Count && BeginsEarly(layers[at + 1].Tensors) && !layers[at].Tensors.Has("ffn_down_exps") ? layers[at + 1].Layer : null;
            _graph.Layer = layer;
            stream = Layer(attention, feedForward, recurrent, tensors, stream, layer == last, next);
        }

        _graph.Layer = -1;
        GraphTensor normed = _graph.Update(_graph.Norm(stream));
        GraphTensor logits = _graph.ComputeAt(setting.LayerPlaces[^1], model.VocabularySize * setting.Outputs * sizeof(float), normed);
        logits.IsOutput = true;
        return (_graph.Inputs, _graph.Nodes);
    }

    // Layers of one shape in one place reach a steady state at once, so a few of them stand for all.
    private IEnumerable<(int Layer, LayerTensors Tensors)> Samples(int last)
    {
        IReadOnlyList<LayerTensors> all = LayerTensors.Of(model);
        Dictionary<(string, int, bool, long, AttentionShape?), int> seen = [];
        for (int layer = 0; layer <= last; layer++)
        {
            LayerTensors tensors = all[layer];
            bool expertsOnHost = layer < setting.CpuMoeLayers;
            int place = setting.LayerPlaces[layer];
            AttentionShape? shape = model.Attention.ElementAtOrDefault(layer);
            (string, int, bool, long, AttentionShape?) key = (tensors.Signature, place, expertsOnHost,
                expertsOnHost || place == setting.Host ? tensors.LargestBytes : 0, shape is null ? null : shape with { Layer = 0 });
            int count = seen.GetValueOrDefault(key);
            seen[key] = count + 1;
            if (count < setting.LayerSamples || layer == last)
            {
                yield return (layer, tensors);
            }
        }
    }

    private GraphTensor Embed()
    {
        long bytes = model.EmbeddingLength * setting.Tokens * sizeof(float);
        _graph.Layer = -1;
        GraphTensor tokens = _graph.Input(setting.Tokens * sizeof(int));
        _graph.Input(bytes); // embeddings given instead of tokens
        GraphTensor mixedTokens = _graph.Input(setting.Tokens * sizeof(int));
        GraphTensor mixed = _graph.Input(bytes);
        GraphTensor embedded = _graph.ComputeAt(setting.Host, bytes, tokens);
        GraphTensor mixedEmbedded = _graph.ComputeAt(setting.Host, bytes, mixedTokens);
        GraphTensor copied = _graph.Allocate(bytes, mixed);
        GraphTensor merged = _graph.View(copied);
        _graph.Nodes.RemoveAt(_graph.Nodes.Count - 1);
        _graph.Nodes.Add(new GraphTensor(0, mixedEmbedded, copied)); // rows set in place; nobody reads them, so the copy stays
        _graph.Nodes.Add(merged);
        return ScalesEmbeddings ? _graph.Update(embedded) : embedded;
    }

    // Such layers copy their state as soon as the graph is told of them, which is before the layer before them is complete.
    private static bool BeginsEarly(LayerTensors tensors) => tensors.Has("ssm_in") || tensors.Has("shortconv.in_proj");

    private bool ScalesEmbeddings => model.Architecture.StartsWith("gemma", StringComparison.Ordinal)
        || model.Architecture.StartsWith("granite", StringComparison.Ordinal) || model.Architecture.StartsWith("minicpm", StringComparison.Ordinal);

    private GraphTensor Layer(AttentionGraph attention, FeedForwardGraph feedForward, RecurrentGraph? recurrent, LayerTensors tensors, GraphTensor stream, bool isLast, int? next)
    {
        GraphTensor normed = Normed(tensors["attn_norm"], stream) ?? stream;
        GraphTensor? state = recurrent?.Mix(tensors, normed, next);
        AttentionShape? shape = model.Attention.ElementAtOrDefault(_graph.Layer);
        bool attends = shape is { HeadCount: > 0 } && (tensors.Has("attn_q") || tensors.Has("attn_kv_a_mqa") || (tensors.Has("attn_qkv") && !tensors.Has("ssm_conv1d")));
        GraphTensor? mixed = attends ? attention.Mix(shape!, tensors, normed) : null;
        if (mixed is not null && state is null && next is { } touched)
        {
            _graph.Touch(touched);
        }

        WeightTensor? before = tensors["ffn_norm"] ?? tensors["post_attention_norm"];
        WeightTensor? afterAttention = tensors.Has("ffn_norm") ? tensors["post_attention_norm"] : null;
        if (before is null && mixed is not null && feedForward.Compute(tensors, normed) is { } beside)
        {
            // Attention and feed-forward read the same input.
            GraphTensor sum = _graph.Update(beside, stream);
            sum = _graph.Update(sum, Project(tensors, mixed));
            return isLast ? Select(sum) : sum;
        }

        GraphTensor? result = mixed is null ? state : Project(tensors, mixed);
        if (state is not null && mixed is not null)
        {
            result = _graph.Update(result!, state);
        }

        if (isLast)
        {
            result = result is null ? null : Pick(result);
            stream = Pick(stream);
            _graph.Rows = setting.Outputs;
        }

        if (result is not null)
        {
            stream = _graph.Update(Normed(afterAttention, result) ?? result, stream);
        }

        if (feedForward.Compute(tensors, Normed(before, stream) ?? normed) is not { } output)
        {
            return stream;
        }

        return _graph.Update(Normed(tensors["post_ffw_norm"], output) ?? output, stream);
    }

    private GraphTensor Project(LayerTensors tensors, GraphTensor mixed)
    {
        if (tensors["attn_output"] is not { } weight)
        {
            return mixed;
        }

        GraphTensor result = _graph.Multiply(weight, _graph.View(mixed));
        return tensors.Bias("attn_output") is { } bias ? _graph.Apply(bias, result) : result;
    }

    private GraphTensor? Normed(WeightTensor? weight, GraphTensor source) => weight is null ? null : _graph.Apply(weight, _graph.Norm(source));

    private GraphTensor Select(GraphTensor source)
    {
        GraphTensor picked = Pick(source);
        _graph.Rows = setting.Outputs;
        return picked;
    }

    private GraphTensor Pick(GraphTensor source) => _graph.Allocate(source.Bytes / setting.Tokens * setting.Outputs, source);
}
