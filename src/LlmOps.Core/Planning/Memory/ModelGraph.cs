using LlmOps.Models;

namespace LlmOps.Planning.Memory;

/// <summary>The computation of a micro batch, from token numbers to logits, as llama.cpp builds it.</summary>
/// <remarks>Source: llama.cpp <c>src/llama-graph.cpp</c> and <c>src/models/*.cpp</c>; the layers' tensors say which operations they need.</remarks>
internal sealed class ModelGraph(ModelDescription model, GraphSetting setting)
{
    private const int BorderLayers = 2;

    private readonly GraphBuilder _graph = new(setting);
    private readonly GraphTraits _traits = new(model);
    private GraphTensor? _picked;

    /// <summary>Inputs and operations in the order of computation.</summary>
    public (IReadOnlyList<GraphTensor> Inputs, IReadOnlyList<GraphTensor> Nodes) Build()
    {
        AttentionInputs inputs = new(_graph);
        AttentionGraph attention = new(_graph, inputs, _traits.Turns, keysFirst: model.Attention.Any(shape => shape.SlidingWindow is not null), normsValues: _traits.NormsValues);
        FeedForwardGraph feedForward = new(_graph, model.Experts, _traits);
        RecurrentGraph? recurrent = model.Recurrent is null ? null : new RecurrentGraph(_graph, model.Recurrent);

        if (setting.DraftsNextTokens)
        {
            return BuildNextTokens(attention, feedForward);
        }

        PerLayerInputs? beside = PerLayerInputs.Of(model, _graph);
        GraphTensor stream = Embed();
        beside?.Join(stream);
        int last = model.LayerCount - model.NextTokenLayerCount - 1;
        List<(int Layer, LayerTensors Tensors)> layers = [.. Samples(last)];
        for (int at = 0; at < layers.Count; at++)
        {
            (int layer, LayerTensors tensors) = layers[at];
            _graph.Layer = layer;
            stream = Layer(attention, feedForward, recurrent, tensors, stream, layer == last, NextEarly(layers, at));
            stream = beside?.Add(layer, tensors, stream) ?? stream;
            stream = tensors["layer_output_scale"] is { } scale ? _graph.Apply(scale, stream) : stream;
        }

        _graph.Layer = -1;
        GraphTensor normed = _graph.Update(_graph.Norm(stream));
        GraphTensor logits = _graph.ComputeAt(setting.LayerPlaces[^1], model.VocabularySize * setting.Outputs * sizeof(float), normed);
        logits.IsOutput = true;
        return (_graph.Inputs, _graph.Nodes);
    }

    // The drafting context: one layer over the last hidden states and the embeddings of the tokens that followed.
    private (IReadOnlyList<GraphTensor> Inputs, IReadOnlyList<GraphTensor> Nodes) BuildNextTokens(AttentionGraph attention, FeedForwardGraph feedForward)
    {
        int layer = model.LayerCount - model.NextTokenLayerCount;
        LayerTensors tensors = LayerTensors.Of(model)[layer];
        long bytes = model.EmbeddingLength * setting.Tokens * sizeof(float);
        GraphTensor tokens = _graph.Input(setting.Tokens * sizeof(int));
        _graph.Input(bytes); // embeddings given instead of tokens
        GraphTensor embedded = _graph.ComputeAt(setting.Host, bytes, tokens);
        GraphTensor hidden = _graph.Input(bytes);
        _graph.Layer = layer;
        GraphTensor hiddenNormed = Normed(tensors["nextn.hnorm"], hidden) ?? hidden;
        GraphTensor embeddedNormed = Normed(tensors["nextn.enorm"], embedded) ?? embedded;
        GraphTensor both = _graph.Compute(2L * model.EmbeddingLength, embeddedNormed, hiddenNormed);
        GraphTensor stream = tensors["nextn.eh_proj"] is { } project ? _graph.Multiply(project, both) : _graph.Compute(model.EmbeddingLength, both);
        stream = Layer(attention, feedForward, recurrent: null, tensors, stream, isLast: false, next: null);
        stream = _graph.Update(_graph.Norm(stream));
        GraphTensor picked = Pick(stream);
        GraphTensor logits = _graph.ComputeAt(setting.LayerPlaces[^1], model.VocabularySize * setting.Outputs * sizeof(float), picked);
        logits.IsOutput = true;
        return (_graph.Inputs, _graph.Nodes);
    }

    // Layers that keep a state copy it as soon as the graph is told of them; plain feed-forward layers before them are computed later.
    private static int? NextEarly(List<(int Layer, LayerTensors Tensors)> layers, int at)
    {
        int next = at + 1;
        while (next < layers.Count && IsPlainFeedForward(layers[next].Tensors))
        {
            next++;
        }

        return next < layers.Count && BeginsEarly(layers[next].Tensors) ? layers[next].Layer : null;
    }

    private static bool IsPlainFeedForward(LayerTensors tensors) =>
        tensors.Has("ffn_up") && !tensors.Has("ffn_down_exps") && !tensors.Has("attn_q") && !tensors.Has("attn_qkv") && !tensors.Has("attn_kv_a_mqa") && !BeginsEarly(tensors);

    // Layers of one shape in one place reach a steady state at once, so a few of them stand for all.
    private IEnumerable<(int Layer, LayerTensors Tensors)> Samples(int last)
    {
        IReadOnlyList<LayerTensors> all = LayerTensors.Of(model);
        Dictionary<(string, int, int, long, AttentionShape?), int> seen = [];
        for (int layer = 0; layer <= last; layer++)
        {
            LayerTensors tensors = all[layer];
            bool moves = Moves(layer, tensors);
            int place = setting.LayerPlaces[layer];
            AttentionShape? shape = model.Attention.ElementAtOrDefault(layer);
            (string, int, int, long, AttentionShape?) key = (tensors.Signature, place, moves ? MovedTo(layer, tensors) : 0,
                moves || place == setting.Host ? tensors.LargestBytes : 0, shape is null ? null : shape with { Layer = 0 });
            int count = seen.GetValueOrDefault(key);
            seen[key] = count + 1;
            if (count < setting.LayerSamples || layer == last || IsNearBorder(layer))
            {
                yield return (layer, tensors);
            }
        }
    }

    // What is copied from one place to another hangs on the layers around the border.
    private bool IsNearBorder(int layer)
    {
        int place = setting.LayerPlaces[layer];
        return setting.LayerPlaces[Math.Max(0, layer - BorderLayers)] != place || setting.LayerPlaces[Math.Min(setting.LayerPlaces.Length - 1, layer + BorderLayers)] != place;
    }

    private bool Moves(int layer, LayerTensors tensors) => !setting.Places.IsEmpty && tensors.Names.Any(name => setting.Places.Find(layer, name) is not null);

    // Layers whose tensors are scattered in the same way compute alike.
    private int MovedTo(int layer, LayerTensors tensors)
    {
        HashCode code = default;
        foreach (string name in tensors.Names)
        {
            code.Add(setting.Places.Find(layer, name));
        }

        return code.ToHashCode();
    }

    private GraphTensor Embed()
    {
        long bytes = model.EmbeddingLength * setting.Tokens * sizeof(float);
        _graph.Layer = -1;
        GraphTensor tokens = _graph.Input(setting.Tokens * sizeof(int));
        GraphTensor mixedTokens = _graph.Input(setting.Tokens * sizeof(int));
        _graph.Input(bytes); // embeddings given instead of tokens
        GraphTensor slots = _graph.Input(setting.Tokens * sizeof(long));
        GraphTensor mixed = _graph.Input(bytes);
        GraphTensor embedded = _graph.ComputeAt(setting.Host, bytes, tokens);
        GraphTensor mixedEmbedded = _graph.ComputeAt(setting.Host, bytes, mixedTokens);
        GraphTensor copied = _graph.Allocate(bytes, mixed);
        copied.IsOutput = true; // rows are set in place and nobody reads them, so the copy stays
        _graph.Nodes.Add(new GraphTensor(0, mixedEmbedded, slots, copied) { Operation = GraphOperation.Store, Target = copied });
        return _traits.ScalesRows ? _graph.Product(embedded, _graph.Input(setting.Tokens * sizeof(float))) : _traits.ScalesEmbeddings ? _graph.Function(embedded) : embedded;
    }

    // Such layers copy their state as soon as the graph is told of them, which is before the layer before them is complete.
    private static bool BeginsEarly(LayerTensors tensors) => (tensors.Has("ssm_in") && !tensors.Has("attn_q")) || tensors.Has("shortconv.in_proj");

    private GraphTensor Layer(AttentionGraph attention, FeedForwardGraph feedForward, RecurrentGraph? recurrent, LayerTensors tensors, GraphTensor stream, bool isLast, int? next)
    {
        if (BeginsEarly(tensors))
        {
            recurrent?.Begin(_graph.Layer);
        }

        GraphTensor normed = Normed(tensors["attn_norm"], stream) ?? stream;
        AttentionShape? shape = model.Attention.ElementAtOrDefault(_graph.Layer);
        bool attends = shape is { HeadCount: > 0 } && (tensors.Has("attn_q") || tensors.Has("attn_kv_a_mqa") || (tensors.Has("attn_qkv") && !tensors.Has("ssm_conv1d")));
        if (attends && recurrent is not null && tensors.Has("ssm_in"))
        {
            return FeedForward(feedForward, tensors, Beside(attention, recurrent, shape!, tensors, normed, stream, next), isLast);
        }

        // Of layers with experts all is in the graph already but what follows the experts.
        Action? afterExperts = next is { } later && tensors.Has("ffn_down_exps") ? () => recurrent!.Begin(later) : null;
        next = afterExperts is null ? next : null;
        GraphTensor? state = recurrent?.Mix(tensors, normed, next);
        GraphTensor? mixed = attends ? attention.Mix(shape!, tensors, normed, next is { } touched && state is null ? () => recurrent!.Begin(touched) : null) : null;

        WeightTensor? before = tensors["ffn_norm"] ?? tensors["post_attention_norm"];
        WeightTensor? afterAttention = tensors.Has("ffn_norm") ? tensors["post_attention_norm"] : null;
        if (before is null && mixed is not null && feedForward.Compute(tensors, normed) is { } beside)
        {
            // Attention and feed-forward read the same input.
            GraphTensor sum = _graph.Sum(beside, stream);
            sum = _graph.Sum(sum, Project(tensors, mixed));
            return isLast ? Select(sum) : sum;
        }

        GraphTensor? result = mixed is null ? state : Project(tensors, mixed);
        if (result is null)
        {
            return Alone(feedForward, tensors, normed, stream, isLast, afterExperts);
        }

        if (isLast)
        {
            result = Pick(result);
            stream = Pick(stream);
            _graph.Rows = setting.Outputs;
        }

        result = Normed(afterAttention, result) ?? result;
        result = _traits.ScalesResults ? _graph.Update(result) : result;
        stream = _traits.AddsToStream ? _graph.Sum(stream, result) : _graph.Sum(result, stream);

        if (tensors.Has("pre_ffw_norm_2") && tensors.Has("ffn_gate_inp"))
        {
            return _graph.Sum(Normed(tensors["post_ffw_norm"], DenseAndExperts(feedForward, tensors, stream))!, stream);
        }

        if (feedForward.Compute(tensors, Normed(before, stream) ?? stream, afterExperts) is not { } output)
        {
            return stream;
        }

        output = Normed(tensors["post_ffw_norm"], output) ?? output;
        output = _traits.ScalesResults ? _graph.Update(output) : output;
        return _traits.AddsFeedForwardToStream ? _graph.Sum(stream, output) : _graph.Sum(output, stream);
    }

    // A layer of a feed-forward part only: the rows that are asked for are picked after it.
    private GraphTensor Alone(FeedForwardGraph feedForward, LayerTensors tensors, GraphTensor normed, GraphTensor stream, bool isLast, Action? afterExperts)
    {
        GraphTensor? output = feedForward.Compute(tensors, normed, afterExperts);
        if (isLast)
        {
            output = output is null ? null : Pick(output);
            stream = Select(stream);
        }

        return output is null ? stream : _graph.Sum(output, stream);
    }

    // Attention and a state-space mixer read the same input; the matrix after attention waits until the scan is done.
    private GraphTensor Beside(AttentionGraph attention, RecurrentGraph recurrent, AttentionShape shape, LayerTensors tensors, GraphTensor normed, GraphTensor stream, int? next)
    {
        GraphTensor mixed = attention.Mix(shape, tensors, normed);
        recurrent.Begin(_graph.Layer);
        GraphTensor again = Normed(tensors["attn_norm"], stream) ?? stream;
        GraphTensor? projected = null;
        GraphTensor state = recurrent.Mix(tensors, again, next, () => projected = ProjectShown(tensors, mixed))!;
        return _graph.Sum(_graph.Sum(projected!, state), stream);
    }

    private GraphTensor FeedForward(FeedForwardGraph feedForward, LayerTensors tensors, GraphTensor stream, bool isLast)
    {
        if (isLast)
        {
            stream = Select(stream);
        }

        GraphTensor? output = feedForward.Compute(tensors, Normed(tensors["ffn_norm"], stream) ?? stream);
        return output is null ? stream : _graph.Sum(output, stream);
    }

    // A dense part and experts side by side, each with norms of its own; the experts are chosen by a third norm (gemma4) and computed first.
    private GraphTensor DenseAndExperts(FeedForwardGraph feedForward, LayerTensors tensors, GraphTensor stream)
    {
        GraphTensor routed = _graph.Update(_graph.Norm(stream));
        routed = tensors.Bare("ffn_gate_inp.scale") is { } scale ? _graph.Apply(scale, routed) : routed;
        GraphTensor chosen = feedForward.ComputeExperts(tensors, () => Normed(tensors["pre_ffw_norm_2"], stream)!, routed);
        GraphTensor dense = feedForward.ComputeDense(tensors, Normed(tensors["ffn_norm"], stream)!)!;
        dense = Normed(tensors["post_ffw_norm_1"], dense) ?? dense;
        return _graph.Sum(dense, Normed(tensors["post_ffw_norm_2"], chosen) ?? chosen);
    }

    private GraphTensor Project(LayerTensors tensors, GraphTensor mixed) => ProjectShown(tensors, mixed);

    private GraphTensor ProjectShown(LayerTensors tensors, GraphTensor mixed)
    {
        if (tensors["attn_output"] is not { } weight)
        {
            return mixed;
        }

        GraphTensor result = _graph.Multiply(weight, mixed);
        return tensors.Bias("attn_output") is { } bias ? _graph.Apply(bias, result) : result;
    }

    private GraphTensor? Normed(WeightTensor? weight, GraphTensor source) => weight is null ? null : _graph.Apply(weight, _graph.Norm(source));

    private GraphTensor Select(GraphTensor source)
    {
        GraphTensor picked = Pick(source);
        _graph.Rows = setting.Outputs;
        return picked;
    }

    private GraphTensor Pick(GraphTensor source)
    {
        _picked ??= _graph.Input(setting.Outputs * sizeof(int));
        return _graph.Allocate(source.Bytes / setting.Tokens * setting.Outputs, source, _picked);
    }
}
