using LlmOps.Models;

namespace LlmOps.Planning.Memory;

/// <summary>The operations of layers that carry a state instead of looking back.</summary>
internal sealed class RecurrentGraph(GraphBuilder graph, RecurrentShape shape)
{
    private long Slots => graph.Setting.Slots;

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
        GraphTensor convolved = Convolve(tensors, kernel, graph.Multiply(mixed, normed));
        GraphTensor state = graph.ComputeAt(graph.CachePlace, shape.StateElements * Slots * sizeof(float));
        GraphTensor query = graph.Update(graph.Compute(keys, graph.View(convolved, bytes: keys)));
        GraphTensor key = graph.Update(graph.Compute(keys, graph.View(convolved, bytes: keys)));
        GraphTensor value = graph.View(convolved, bytes: inner);
        GraphTensor decay = PerHead(tensors["ssm_alpha"] ?? tensors["ssm_ba"], heads, normed);
        GraphTensor beta = PerHead(tensors["ssm_beta"] ?? tensors["ssm_ba"], heads, normed);
        GraphTensor result = graph.Allocate((inner * graph.Rows * sizeof(float)) + (shape.StateElements * Slots * sizeof(float)), query, key, value, decay, beta, state);
        graph.Store(graph.Part(result, shape.StateElements * Slots * sizeof(float)), graph.Cache(0));
        GraphTensor output = graph.Update(inner * graph.Rows * sizeof(float), graph.Part(result, inner * graph.Rows * sizeof(float)));
        GraphTensor gate = graph.Update(graph.Multiply(tensors["attn_gate"] ?? tensors["ssm_out"]!, inner, normed));
        return graph.Multiply(tensors["ssm_out"]!, graph.Update(output, gate));
    }

    private GraphTensor StateSpace(LayerTensors tensors, WeightTensor input, GraphTensor normed, int? nextLayer, Action? afterScan)
    {
        WeightTensor kernel = tensors["ssm_conv1d"]!;
        long inner = tensors["ssm_out"]!.Columns;
        GraphTensor all = graph.Multiply(input, normed);
        GraphTensor convolved = Convolve(tensors, kernel, graph.View(all, bytes: 1));
        GraphTensor scanned;
        GraphTensor values;
        GraphTensor states = graph.Cache(shape.StateElements * Slots * sizeof(float));
        if (tensors["ssm_dt"] is { } stepMatrix && tensors["ssm_x"] is { } projection)
        {
            // The first kind of Mamba: steps and both vectors of the state come from a projection of their own.
            long vector = shape.StateElements / inner;
            GraphTensor projected = graph.Multiply(projection, convolved);
            GraphTensor narrow = Normed(tensors["ssm_dt_norm"], projected, stepMatrix.Columns);
            GraphTensor first = Normed(tensors["ssm_b_norm"], projected, vector);
            GraphTensor second = Normed(tensors["ssm_c_norm"], projected, vector);
            GraphTensor steps = graph.Multiply(stepMatrix, narrow);
            steps = tensors.Bias("ssm_dt") is { } bias ? graph.Apply(bias, steps) : steps;
            values = graph.View(convolved);
            int place = graph.Setting.ScansWideStatesOnly ? graph.Setting.Host : graph.LayerPlace;
            scanned = graph.ComputeAt(place, ScannedBytes(inner), states, values, steps, first, second);
        }
        else
        {
            GraphTensor steps = graph.Compute(tensors.Bias("ssm_dt")?.Columns ?? 1, graph.View(all, bytes: 1));
            values = graph.View(convolved, bytes: inner * graph.Rows * sizeof(float));
            // The scan reads a weight of a single row, so it stays with its layer.
            scanned = graph.ComputeAt(graph.LayerPlace, ScannedBytes(inner), states, values, steps);
        }

        if (Slots > 1)
        {
            // States of slots that are not in the batch are gathered, to be moved together (build_rs).
            graph.Store(graph.ComputeAt(graph.CachePlace, shape.StateElements * (Slots - 1) * sizeof(float), states), graph.Cache(0));
        }

        graph.Store(graph.Part(scanned, shape.StateElements * Slots * sizeof(float)), graph.Cache(0));
        afterScan?.Invoke();
        if (nextLayer is { } next)
        {
            graph.Touch(next);
        }

        GraphTensor gate = graph.Compute(inner, graph.View(all, bytes: 1));
        GraphTensor kept = graph.ComputeAt(graph.LayerPlace, inner * graph.Rows * sizeof(float), values); // times a weight
        GraphTensor sum = graph.Update(inner * graph.Rows * sizeof(float), graph.Part(scanned, inner * graph.Rows * sizeof(float)), kept);
        GraphTensor gated = graph.Compute(inner, gate, sum);
        if (tensors["ssm_norm"] is { } norm)
        {
            gated = graph.Apply(norm, graph.Norm(graph.View(gated)));
        }

        return graph.Multiply(tensors["ssm_out"]!, gated);
    }

    private long ScannedBytes(long inner) => (inner * graph.Rows * sizeof(float)) + (shape.StateElements * Slots * sizeof(float));

    private GraphTensor Normed(WeightTensor? weight, GraphTensor source, long width)
    {
        long bytes = width * graph.Rows * sizeof(float);
        GraphTensor part = graph.View(source, bytes);
        return weight is null ? part : graph.Apply(weight, graph.Norm2(bytes, part));
    }

    private GraphTensor ShortConvolution(LayerTensors tensors, WeightTensor projection, GraphTensor normed, int? nextLayer)
    {
        WeightTensor output = tensors["shortconv.out_proj"]!;
        long width = output.Columns;
        GraphTensor all = graph.Multiply(projection, normed);
        GraphTensor gated = graph.Compute(width, graph.View(all, bytes: 1), graph.View(all, bytes: 1));
        GraphTensor padded = graph.Allocate((width * graph.Rows * sizeof(float)) + (shape.ConvolutionElements * Slots * sizeof(float)), gated);
        if (nextLayer is { } next)
        {
            graph.Touch(next);
        }

        GraphTensor convolved = tensors["shortconv.conv"] is { } kernel ? graph.Multiply(kernel, width, padded) : graph.Compute(width, padded);
        GraphTensor mixed = graph.Update(convolved, graph.View(all, bytes: 1));
        return graph.Multiply(output, mixed);
    }

    private GraphTensor PerHead(WeightTensor? weight, long heads, GraphTensor normed) =>
        weight is null ? graph.Compute(heads, normed) : graph.Multiply(weight, heads, normed);

    private GraphTensor Convolve(LayerTensors tensors, WeightTensor kernel, GraphTensor source)
    {
        GraphTensor past = graph.ComputeAt(graph.CachePlace, shape.ConvolutionElements * Slots * sizeof(float));
        GraphTensor padded = graph.Allocate((kernel.Rows * graph.Rows * sizeof(float)) + past.Bytes, graph.View(past), graph.View(source));
        graph.Store(graph.View(padded, bytes: past.Bytes), graph.Cache(0));
        GraphTensor convolved = graph.Multiply(kernel, kernel.Rows, padded);
        return graph.Update(tensors.Bias("ssm_conv1d") is { } bias ? graph.Apply(bias, convolved) : convolved);
    }
}
