using LlmOps.Models;

namespace LlmOps.Planning.Memory;

/// <summary>The operations of a layer's attention.</summary>
/// <param name="graph">The graph.</param>
/// <param name="inputs">Masks and positions that all layers share.</param>
/// <param name="turns">Whether a layer turns queries and keys by their positions.</param>
/// <param name="normsValues">Whether values are normed, without a weight.</param>
/// <param name="keysFirst">Whether keys are computed before values: so it is in models with a sliding window, and the other way round in all others.</param>
internal sealed class AttentionGraph(GraphBuilder graph, AttentionInputs inputs, Func<AttentionShape, bool> turns, bool keysFirst, bool normsValues)
{
    /// <summary>Attention over the normed input, before the output matrix.</summary>
    /// <param name="shape">Heads and widths.</param>
    /// <param name="tensors">The layer's tensors.</param>
    /// <param name="normed">Its input.</param>
    /// <param name="afterAttention">What the graph computes right after the attention itself.</param>
    public GraphTensor Mix(AttentionShape shape, LayerTensors tensors, GraphTensor normed, Action? afterAttention = null)
    {
        if (tensors["attn_kv_a_mqa"] is not null)
        {
            GraphTensor latent = Latent(shape, tensors, normed);
            afterAttention?.Invoke();
            return latent;
        }

        (GraphTensor query, GraphTensor key, GraphTensor value, GraphTensor? gate) = tensors["attn_qkv"] is { } fused
            ? Fused(shape, tensors, fused, normed)
            : Separate(shape, tensors, normed);
        GraphTensor mixed = Joined(Attend(shape, query, key, value, shape.ValueLength));
        afterAttention?.Invoke();
        mixed = TurnValues(shape, mixed);
        if (gate is not null)
        {
            GraphTensor opened = graph.Function(graph.Compute(mixed.Bytes / (graph.Rows * sizeof(float)), gate));
            mixed = graph.Product(mixed, opened);
        }

        return mixed;
    }

    private (GraphTensor Query, GraphTensor Key, GraphTensor Value, GraphTensor? Gate) Separate(AttentionShape shape, LayerTensors tensors, GraphTensor normed)
    {
        long queryWidth = (long)shape.HeadCount * shape.KeyLength;
        GraphTensor query = Project(tensors, "attn_q", normed)!;
        GraphTensor? gate = null;
        if (query.Bytes >= 2 * queryWidth * graph.Rows * sizeof(float))
        {
            // Each head's query is followed by its gate.
            GraphTensor both = query;
            query = graph.Columns(both, shape.KeyLength, 2L * shape.KeyLength);
            gate = graph.Columns(both, shape.KeyLength, 2L * shape.KeyLength);
        }
        else
        {
            query = graph.View(query);
        }

        query = TurnKeys(shape, Prepare(shape, query, tensors, "attn_q_norm", shape.HeadCount));
        if (shape is { KeyValueHeadCount: 0, DraftKeyValueHeadCount: 0 })
        {
            return (query, query, query, gate); // the cache of a layer before is read
        }

        GraphTensor? rawKey = null;
        GraphTensor? key = keysFirst ? Key() : null;
        GraphTensor value = Value();
        return (query, key ?? Key(), value, gate);

        GraphTensor Key()
        {
            rawKey = Project(tensors, "attn_k", normed);
            return rawKey is null ? query : TurnKeys(shape, Prepare(shape, graph.View(rawKey), tensors, "attn_k_norm", shape.KeyValueHeadCount));
        }

        GraphTensor Value()
        {
            GraphTensor? projected = Project(tensors, "attn_v", normed) ?? rawKey;
            if (projected is null)
            {
                return query;
            }

            GraphTensor values = graph.View(projected);
            return TurnValues(shape, normsValues ? graph.Norm(values) : values);
        }
    }

    private (GraphTensor Query, GraphTensor Key, GraphTensor Value, GraphTensor? Gate) Fused(AttentionShape shape, LayerTensors tensors, WeightTensor fused, GraphTensor normed)
    {
        GraphTensor all = graph.Multiply(fused, normed);
        if (tensors.Bias("attn_qkv") is { } bias)
        {
            all = graph.Apply(bias, all);
        }

        GraphTensor query = graph.Columns(all, (long)shape.HeadCount * shape.KeyLength, fused.Rows);
        GraphTensor key = graph.Columns(all, (long)shape.KeyValueHeadCount * shape.KeyLength, fused.Rows);
        GraphTensor value = graph.Columns(all, (long)shape.KeyValueHeadCount * shape.ValueLength, fused.Rows);
        query = TurnKeys(shape, Prepare(shape, query, tensors, "attn_q_norm", shape.HeadCount));
        key = TurnKeys(shape, Prepare(shape, key, tensors, "attn_k_norm", shape.KeyValueHeadCount));
        return (query, key, TurnValues(shape, value), null);
    }

    // Quantised caches keep keys and values turned, so that no single element sticks out (llama_mul_mat_hadamard).
    private GraphTensor TurnKeys(AttentionShape shape, GraphTensor heads) => graph.Setting.QuantisesKeys && shape.KeyLength % AttentionInputs.TurnSide == 0
        ? graph.Allocate(heads.Bytes, inputs.KeyTurn(shape), graph.View(heads))
        : heads;

    private GraphTensor TurnValues(AttentionShape shape, GraphTensor heads) => graph.Setting.QuantisesValues && shape.ValueLength > 0 && shape.ValueLength % AttentionInputs.TurnSide == 0
        ? graph.Allocate(heads.Bytes, inputs.ValueTurn(shape), graph.View(heads))
        : heads;

    private GraphTensor? Project(LayerTensors tensors, string name, GraphTensor normed)
    {
        if (tensors[name] is not { } weight)
        {
            return null;
        }

        GraphTensor result = graph.Multiply(weight, normed);
        return tensors.Bias(name) is { } bias ? graph.Apply(bias, result) : result;
    }

    private GraphTensor Prepare(AttentionShape shape, GraphTensor heads, LayerTensors tensors, string norm, int count)
    {
        if (tensors[norm] is { } weight)
        {
            heads = graph.Apply(weight, graph.Norm(heads), rows: count * graph.Rows);
        }

        return turns(shape) ? graph.Turn(heads.Bytes, heads, inputs.Positions, graph.Setting.HasFrequencies(shape)) : heads;
    }

    private GraphTensor Attend(AttentionShape own, GraphTensor query, GraphTensor key, GraphTensor value, int valueLength)
    {
        AttentionShape shape = graph.Setting.CacheOf(own);
        (long cells, long keyBytes, long valueBytes) = graph.Setting.Cache(shape.Layer);
        GraphTensor keys = graph.Cache(keyBytes, shape.Layer);
        GraphTensor values = valueBytes > 0 ? graph.Cache(valueBytes, shape.Layer) : keys;
        if (own.KeyValueHeadCount > 0 || (graph.Setting.DraftsNextTokens && own.DraftKeyValueHeadCount > 0))
        {
            graph.Store(Rows(key, keys), inputs.Cells(shape), keys);
            if (shape.ValueLength > 0)
            {
                bool transposes = !graph.Setting.FlashAttention && !graph.Setting.TurnsValuesLate;
                value = transposes ? Padded(shape, value) : value;
                graph.Store(transposes ? graph.View(graph.View(graph.View(value))) : Rows(value, values), inputs.ValueCells(shape), values);
            }
        }

        query = graph.View(graph.View(query));
        keys = graph.View(graph.View(keys));
        values = graph.View(graph.View(values));
        GraphTensor mask = inputs.Mask(shape);
        long resultBytes = (long)shape.HeadCount * valueLength * graph.Rows * sizeof(float);
        int? place = graph.Setting.PinsAttention ? graph.CachePlace : null;
        if (graph.Setting.FlashAttention)
        {
            keys = Halved(keys, graph.Setting.HalvesKeys);
            values = Halved(values, graph.Setting.HalvesValues);
            return graph.Attend(place, graph.Setting.AttendsOnHost, resultBytes, query, keys, values, mask);
        }

        long scoreBytes = cells * graph.Rows * shape.HeadCount * sizeof(float);
        bool isTooLarge = scoreBytes > graph.Setting.MaximumTensorBytes;
        values = graph.Setting.TurnsValuesLate ? graph.ComputeAt(place, valueBytes, values) : values;
        GraphTensor scores = graph.ComputeAt(place, isTooLarge || graph.Setting.ScoresOnHost, scoreBytes, keys, query);
        GraphTensor weights = graph.UpdateAt(place, isTooLarge, scores, mask);
        return graph.ComputeAt(place, isTooLarge, resultBytes, values, weights);
    }

    // The heads of a token beside one another: so flash attention leaves them, else they are copied.
    private GraphTensor Joined(GraphTensor mixed) => graph.Setting.FlashAttention
        ? graph.View(mixed)
        : graph.ComputeAt(graph.Setting.PinsAttention ? graph.CachePlace : null, mixed.Bytes, graph.View(mixed));

    // Without flash attention all layers keep as many values as the widest one.
    private GraphTensor Padded(AttentionShape shape, GraphTensor value) => (long)shape.KeyValueHeadCount * shape.ValueLength < graph.Setting.WidestValues
        ? graph.Compute(graph.Setting.WidestValues, value)
        : value;

    // Caches of several slots are seen as one (cpy_k, cpy_v).
    private GraphTensor Rows(GraphTensor values, GraphTensor cache)
    {
        GraphTensor rows = graph.View(values);
        if (graph.Setting.Streams > 1)
        {
            graph.View(cache);
        }

        return rows;
    }

    // build_attn_mha: flash attention takes half floats.
    private GraphTensor Halved(GraphTensor cache, bool halves) => halves ? graph.Allocate(cache.Bytes / 2, cache) : cache;

    private GraphTensor Latent(AttentionShape shape, LayerTensors tensors, GraphTensor normed)
    {
        long row = graph.Rows * sizeof(float);
        GraphTensor query = tensors["attn_q_a"] is { } down
            ? graph.Multiply(tensors["attn_q_b"]!, graph.Apply(tensors["attn_q_a_norm"]!, graph.Norm(graph.Multiply(down, normed))))
            : graph.Multiply(tensors["attn_q"]!, normed);
        WeightTensor compress = tensors["attn_kv_a_mqa"]!;
        long rank = tensors["attn_kv_a_norm"]?.Columns ?? compress.Rows;
        long rotary = compress.Rows - rank;
        long width = query.Bytes / (shape.HeadCount * row);
        if (tensors["attn_k_b"] is { } keyMatrix)
        {
            GraphTensor plain = graph.Columns(query, width - rotary, width);
            GraphTensor absorbed = graph.Multiply(keyMatrix, shape.HeadCount * rank, plain);
            GraphTensor turned = graph.Turn(shape.HeadCount * rotary * row, graph.Columns(query, rotary, width), inputs.Positions, hasFrequencies: false);
            GraphTensor full = graph.Compute(shape.HeadCount * (rank + rotary), graph.View(absorbed), turned);
            GraphTensor packed = graph.Multiply(compress, normed);
            GraphTensor value = graph.Apply(tensors["attn_kv_a_norm"]!, graph.Norm2(rank * row, graph.Columns(packed, rank, compress.Rows)));
            GraphTensor key = graph.Compute(rank + rotary, graph.View(value), graph.Turn(rotary * row, graph.Columns(packed, rotary, compress.Rows), inputs.Positions, hasFrequencies: false));
            GraphTensor mixed = Attend(shape, full, key, value, (int)rank);
            long valueWidth = tensors["attn_output"]!.Columns;
            mixed = graph.Setting.FlashAttention ? graph.View(mixed) : mixed;
            GraphTensor expanded = graph.Setting.MultipliesOneStream && graph.Setting.Streams > 1
                ? graph.MultiplyOnHost(tensors["attn_v_b"]!, valueWidth, mixed)
                : graph.Multiply(tensors["attn_v_b"]!, valueWidth, mixed);
            GraphTensor joined = graph.Compute(valueWidth, graph.View(expanded));
            return graph.Setting.FlashAttention ? graph.View(joined) : joined;
        }

        GraphTensor turnedQuery = graph.Turn(query.Bytes, graph.View(query), inputs.Positions, hasFrequencies: false);
        GraphTensor compressed = graph.Multiply(compress, normed);
        GraphTensor latent = graph.Apply(tensors["attn_kv_a_norm"]!, graph.Norm2(rank * row, graph.Columns(compressed, rank, compress.Rows)));
        GraphTensor both = graph.Multiply(tensors["attn_kv_b"]!, latent);
        long bothWidth = both.Bytes / (shape.HeadCount * row);
        turnedQuery = TurnKeys(shape, turnedQuery);
        GraphTensor values = TurnValues(shape, graph.Compute((long)shape.HeadCount * shape.ValueLength, graph.Columns(both, shape.ValueLength, bothWidth)));
        GraphTensor turnedKey = graph.Turn(rotary * row, graph.Columns(compressed, rotary, compress.Rows), inputs.Positions, hasFrequencies: false);
        GraphTensor repeated = graph.Compute(shape.HeadCount * rotary, turnedKey);
        GraphTensor keys = TurnKeys(shape, graph.Compute((long)shape.HeadCount * shape.KeyLength, graph.Columns(both, bothWidth - shape.ValueLength, bothWidth), repeated));
        return TurnValues(shape, Joined(Attend(shape, turnedQuery, keys, values, shape.ValueLength)));
    }
}
