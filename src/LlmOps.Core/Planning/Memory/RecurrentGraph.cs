using LlmOps.Models;

namespace LlmOps.Planning.Memory;

/// <summary>The operations of layers that carry a state instead of looking back.</summary>
internal sealed class RecurrentGraph(GraphBuilder graph, RecurrentShape shape)
{
    // States that were gathered before their layer.
    private readonly Dictionary<int, GraphTensor> _begun = [];

    private GraphTensor? _slotNumbers;
    private GraphTensor? _ownSlots;
    private GraphTensor? _otherSlots;

    private GraphTensor SlotNumbers => _slotNumbers ??= graph.Input(Slots * sizeof(int));

    private GraphTensor OwnSlots => _ownSlots ??= graph.Part(SlotNumbers, SlotNumbers.Bytes);

    private GraphTensor OtherSlots => _otherSlots ??= graph.Part(SlotNumbers, (Slots - 1) * sizeof(int));

    private long Slots => graph.Setting.Slots;

    /// <summary>Gathers the state that a layer begins with. Some layers are told of so early that it happens before the layer before them is complete.</summary>
    public void Begin(int layer)
    {
        if (!_begun.ContainsKey(layer))
        {
            _begun[layer] = graph.Gather(layer, shape.ConvolutionElements * Slots * sizeof(float), SlotNumbers);
        }
    }

    /// <summary>The layer's result before the residual is added; null when it is no recurrent layer.</summary>
    /// <param name="tensors">The layer's tensors.</param>
    /// <param name="normed">Its input.</param>
    /// <param name="nextLayer">The layer after it when that is recurrent too.</param>
    /// <param name="afterScan">What the graph computes between a scan and the rest of the layer.</param>
    public GraphTensor? Mix(LayerTensors tensors, GraphTensor normed, int? nextLayer, Action? afterScan = null)
    {
        if (tensors["shortconv.in_proj"] is { } projection)
        {
            return ShortConvolution(tensors, projection, normed, nextLayer);
        }

        if (tensors["ssm_in"] is { } input)
        {
            return StateSpace(tensors, input, normed, nextLayer, afterScan);
        }

        return tensors["ssm_conv1d"] is { } kernel && tensors["attn_qkv"] is { } mixed ? DeltaNet(tensors, kernel, mixed, normed) : null;
    }

    private GraphTensor DeltaNet(LayerTensors tensors, WeightTensor kernel, WeightTensor mixed, GraphTensor normed)
    {
        long channels = kernel.Rows;
        long inner = tensors["ssm_out"]!.Columns;
        long keys = (channels - inner) / 2;
        long heads = tensors.Bare("ssm_a")?.Columns ?? 1;
        Begin(graph.Layer);
        GraphTensor? state = null;
        GraphTensor convolved = Convolve(tensors, kernel, graph.View(graph.View(graph.Multiply(mixed, normed))), () => state = graph.Gather(graph.Layer, shape.StateElements * Slots * sizeof(float), SlotNumbers));
        GraphTensor query = graph.Update(graph.Norm2(keys * graph.Rows * sizeof(float), graph.Columns(convolved, keys, channels)));
        GraphTensor key = graph.Update(graph.Norm2(keys * graph.Rows * sizeof(float), graph.Columns(convolved, keys, channels)));
        GraphTensor value = graph.Columns(convolved, inner, channels);
        GraphTensor decay = Biased(tensors, graph.View(PerHead(tensors["ssm_alpha"] ?? tensors["ssm_ba"], heads, normed)));
        decay = graph.Function(decay);
        decay = graph.View(tensors.Bare("ssm_a") is { } rate ? graph.Apply(rate, decay) : decay);
        GraphTensor beta = graph.View(graph.Function(graph.View(PerHead(tensors["ssm_beta"] ?? tensors["ssm_ba"], heads, normed))));
        GraphTensor result = graph.Allocate((inner * graph.Rows * sizeof(float)) + (shape.StateElements * Slots * sizeof(float)), query, key, value, decay, beta, state!);
        GraphTensor cache = graph.Cache(0);
        graph.View(cache);
        graph.Move(graph.Part(result, shape.StateElements * Slots * sizeof(float)), cache);
        GraphTensor output = graph.Norm2(inner * graph.Rows * sizeof(float), graph.Part(result, inner * graph.Rows * sizeof(float)));
        output = tensors["ssm_norm"] is { } norm ? graph.Apply(norm, output) : output;
        GraphTensor gate = graph.Function(graph.View(graph.Multiply(tensors["attn_gate"] ?? tensors["ssm_out"]!, inner, normed)));
        return graph.View(graph.Multiply(tensors["ssm_out"]!, graph.View(graph.Product(output, gate))));
    }

    private GraphTensor StateSpace(LayerTensors tensors, WeightTensor input, GraphTensor normed, int? nextLayer, Action? afterScan)
    {
        WeightTensor kernel = tensors["ssm_conv1d"]!;
        long inner = tensors["ssm_out"]!.Columns;
        GraphTensor states = graph.Cache(shape.StateElements * Slots * sizeof(float));
        GraphTensor rows = states;
        GraphTensor shown = states;
        GraphTensor all = graph.View(graph.Multiply(input, normed));
        GraphTensor convolved = Convolve(tensors, kernel, graph.View(graph.Columns(all, kernel.Rows, input.Rows)), () => shown = graph.View(rows = graph.Clear(states)));
        GraphTensor values;
        GraphTensor scanned;
        if (tensors["ssm_dt"] is { } stepMatrix && tensors["ssm_x"] is { } projection)
        {
            // The first kind of Mamba: steps and both vectors of the state come from a projection of their own.
            long vector = shape.StateElements / inner;
            GraphTensor projected = graph.Multiply(projection, graph.View(convolved));
            GraphTensor narrow = Normed(tensors["ssm_dt_norm"], projected, stepMatrix.Columns);
            GraphTensor steps = Biased(tensors, graph.Multiply(stepMatrix, narrow));
            GraphTensor first = Normed(tensors["ssm_b_norm"], projected, vector);
            GraphTensor second = Normed(tensors["ssm_c_norm"], projected, vector);
            values = graph.View(convolved);
            scanned = graph.ComputeAt(graph.Setting.ScansWideStatesOnly ? graph.Setting.Host : graph.LayerPlace, ScannedBytes(inner), shown, values, steps, first, second, OwnSlots);
        }
        else
        {
            long heads = tensors.Bias("ssm_dt")?.Columns ?? 1;
            long vector = (kernel.Rows - inner) / 2;
            values = graph.Columns(convolved, inner, kernel.Rows);
            GraphTensor steps = Biased(tensors, graph.Compute(heads, graph.Columns(all, heads, input.Rows)));
            GraphTensor first = graph.Columns(convolved, vector, kernel.Rows);
            GraphTensor second = graph.Columns(convolved, vector, kernel.Rows);
            // The scan counts as a single row, so it stays with its layer's weights.
            scanned = graph.ComputeAt(graph.LayerPlace, ScannedBytes(inner), shown, values, steps, first, second, OwnSlots);
        }

        Keep(states, rows, scanned);
        afterScan?.Invoke();
        if (nextLayer is { } next)
        {
            Begin(next);
        }

        GraphTensor gate = graph.Compute(inner, graph.Columns(all, inner, input.Rows));
        GraphTensor result = graph.Part(scanned, inner * graph.Rows * sizeof(float));
        GraphTensor kept = tensors.Bare("ssm_d") is not { } skip ? graph.Compute(inner, values)
            : tensors["ssm_x"] is not null ? graph.Apply(skip, convolved)
            : graph.Scale(skip, inner, values);
        GraphTensor sum = graph.Sum(result, kept);
        GraphTensor gated = graph.Compute(inner, gate, sum);
        if (tensors["ssm_norm"] is { } norm)
        {
            gated = graph.Apply(norm, graph.Norm(graph.View(gated)));
        }

        return tensors["ssm_x"] is null ? graph.Multiply(tensors["ssm_out"]!, graph.View(gated)) : graph.View(graph.Multiply(tensors["ssm_out"]!, gated));
    }

    // The states after the batch, and those of slots that are not in it, which are gathered and moved together (build_rs).
    private void Keep(GraphTensor states, GraphTensor rows, GraphTensor scanned)
    {
        GraphTensor others = graph.Allocate(shape.StateElements * (Slots - 1) * sizeof(float), rows, OtherSlots);
        GraphTensor none = graph.Part(others, 0);
        graph.View(states);
        graph.Move(none, states);
        GraphTensor kept = graph.Part(scanned, shape.StateElements * Slots * sizeof(float));
        graph.View(states);
        graph.Move(kept, states);
    }

    private GraphTensor Biased(LayerTensors tensors, GraphTensor steps) => tensors.Bias("ssm_dt") is { } bias ? graph.Apply(bias, steps) : steps;

    private long ScannedBytes(long inner) => (inner * graph.Rows * sizeof(float)) + (shape.StateElements * Slots * sizeof(float));

    private GraphTensor Normed(WeightTensor? weight, GraphTensor source, long width)
    {
        long bytes = width * graph.Rows * sizeof(float);
        GraphTensor part = graph.Columns(source, width, source.Bytes / (graph.Rows * sizeof(float)));
        return weight is null ? part : graph.Apply(weight, graph.Norm2(bytes, part));
    }

    private GraphTensor ShortConvolution(LayerTensors tensors, WeightTensor projection, GraphTensor normed, int? nextLayer)
    {
        WeightTensor output = tensors["shortconv.out_proj"]!;
        long width = output.Columns;
        GraphTensor all = graph.Multiply(projection, graph.View(normed));
        GraphTensor gated = graph.Product(graph.Columns(all, width, 3 * width), graph.Columns(all, width, 3 * width), width * graph.Rows * sizeof(float));
        GraphTensor past = Past();
        GraphTensor padded = graph.Allocate((width * graph.Rows * sizeof(float)) + past.Bytes, past, graph.View(gated));
        GraphTensor cache = graph.Cache(0);
        graph.View(cache);
        graph.Move(Last(padded, past), cache);
        if (nextLayer is { } next)
        {
            Begin(next);
        }

        GraphTensor last = graph.Columns(all, width, 3 * width);
        GraphTensor convolved = tensors["shortconv.conv"] is { } kernel ? graph.Convolve(kernel, width, padded) : graph.Compute(width, padded);
        GraphTensor mixed = graph.Product(convolved, last);
        return graph.View(graph.Multiply(output, mixed));
    }

    private GraphTensor PerHead(WeightTensor? weight, long heads, GraphTensor normed) =>
        weight is null ? graph.Compute(heads, normed) : graph.Multiply(weight, heads, normed);

    private GraphTensor Past()
    {
        Begin(graph.Layer);
        _begun.Remove(graph.Layer, out GraphTensor? past);
        return past!;
    }

    // The end of each channel's row, kept for the next batch.
    private GraphTensor Last(GraphTensor padded, GraphTensor past)
    {
        long row = graph.Rows / Slots;
        long taps = row * past.Bytes / (padded.Bytes - past.Bytes);
        return graph.Columns(padded, taps, taps + row);
    }

    private GraphTensor Convolve(LayerTensors tensors, WeightTensor kernel, GraphTensor source, Action? afterStore = null)
    {
        GraphTensor past = Past();
        GraphTensor padded = graph.Allocate((kernel.Rows * graph.Rows * sizeof(float)) + past.Bytes, past, source);
        GraphTensor cache = graph.Cache(0);
        graph.View(cache);
        graph.Move(Last(padded, past), cache);
        afterStore?.Invoke();
        GraphTensor convolved = graph.Convolve(kernel, kernel.Rows, padded);
        return graph.Function(tensors.Bias("ssm_conv1d") is { } bias ? graph.Apply(bias, convolved) : convolved);
    }
}
