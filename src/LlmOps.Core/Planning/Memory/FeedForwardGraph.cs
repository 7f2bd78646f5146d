using LlmOps.Models;

namespace LlmOps.Planning.Memory;

/// <summary>The operations of a layer's feed-forward part.</summary>
internal sealed class FeedForwardGraph(GraphBuilder graph, ExpertShape? experts, GraphTraits traits)
{
    /// <summary>The feed-forward part over the normed input; null when the layer has none.</summary>
    /// <param name="tensors">The layer's tensors.</param>
    /// <param name="normed">Its input.</param>
    /// <param name="afterExperts">What the graph computes between the experts and the rest.</param>
    public GraphTensor? Compute(LayerTensors tensors, GraphTensor normed, Action? afterExperts = null)
    {
        if (tensors["ffn_gate_inp"] is not { } router || experts is null || experts.UsedCount == 0)
        {
            return Dense(tensors, string.Empty, normed);
        }

        GraphTensor routed = Experts(tensors, router, experts.UsedCount, () => normed, normed);
        afterExperts?.Invoke();
        if (Dense(tensors, "_shexp", normed) is not { } shared)
        {
            return routed;
        }

        if (tensors["ffn_gate_inp_shexp"] is { } gate)
        {
            shared = graph.Product(shared, graph.Function(graph.Multiply(gate, 1, normed)));
        }

        return graph.Sum(routed, shared);
    }

    /// <summary>The dense part alone, of a layer that has experts beside it.</summary>
    public GraphTensor? ComputeDense(LayerTensors tensors, GraphTensor normed) => Dense(tensors, string.Empty, normed);

    /// <summary>The experts alone, chosen by another input than the one they work on.</summary>
    public GraphTensor ComputeExperts(LayerTensors tensors, Func<GraphTensor> normed, GraphTensor routed) =>
        Experts(tensors, tensors["ffn_gate_inp"]!, experts!.UsedCount, normed, routed);

    private GraphTensor? Dense(LayerTensors tensors, string suffix, GraphTensor normed)
    {
        if (tensors["ffn_up" + suffix] is not { } up || tensors["ffn_down" + suffix] is not { } down)
        {
            return null;
        }

        GraphTensor inner;
        if (tensors["ffn_gate" + suffix] is { } gate)
        {
            GraphTensor gated = graph.Multiply(gate, normed);
            inner = graph.Compute(up.Rows, gated, graph.Multiply(up, normed));
        }
        else
        {
            GraphTensor raised = graph.Multiply(up, normed);
            inner = up.Rows == 2 * down.Columns ? graph.Compute(down.Columns, raised) : Activated(raised);
        }

        return graph.Multiply(down, inner);
    }

    private GraphTensor Experts(LayerTensors tensors, WeightTensor router, int used, Func<GraphTensor> normed, GraphTensor routedBy)
    {
        long count = router.Rows;
        GraphTensor logits = graph.Multiply(router, routedBy);
        logits = tensors.Bias("ffn_gate_inp") is { } bias ? graph.Apply(bias, logits) : logits;
        GraphTensor chosen = logits;
        GraphTensor weights = logits;
        graph.Together(() => (chosen, weights) = Choose(tensors, logits, count, used));
        if (ChoosesAtOnce(tensors))
        {
            weights.Sources = [.. weights.Sources, logits];
        }

        GraphTensor source = graph.View(normed());
        GraphTensor inner;
        if (tensors["ffn_gate_up_exps"] is { } both)
        {
            GraphTensor raised = graph.MultiplyExperts(both, both.Rows / count, used, source, chosen);
            inner = graph.Compute(both.Rows / count / 2 * used, graph.Columns(raised, both.Rows / count / 2, both.Rows / count), graph.Columns(raised, both.Rows / count / 2, both.Rows / count));
        }
        else
        {
            GraphTensor? gated = tensors["ffn_gate_exps"] is { } gate ? Biased(tensors, "ffn_gate_exps", graph.MultiplyExperts(gate, gate.Rows / count, used, source, chosen), chosen) : null;
            WeightTensor up = tensors["ffn_up_exps"]!;
            GraphTensor raised = Biased(tensors, "ffn_up_exps", graph.MultiplyExperts(up, up.Rows / count, used, source, chosen), chosen);
            inner = gated is null ? Activated(raised) : graph.Compute(up.Rows / count * used, gated, raised);
        }

        WeightTensor down = tensors["ffn_down_exps"]!;
        long width = down.Rows / count;
        GraphTensor results = Biased(tensors, "ffn_down_exps", graph.MultiplyExperts(down, width, used, inner, chosen), chosen);
        if (tensors.Bare("ffn_down_exps.scale") is { } scale)
        {
            GraphTensor scales = graph.Compute(count, graph.Shown(scale));
            results = graph.Product(results, graph.Compute(used, graph.View(scales), chosen));
        }

        results = graph.Product(results, weights);
        GraphTensor[] parts = [.. Enumerable.Range(0, used).Select(_ => graph.Columns(results, width, width * used))];
        if (used == 1)
        {
            return graph.Compute(width, parts[0]);
        }

        GraphTensor sum = graph.Sum(parts[0], parts[1], width * graph.Rows * sizeof(float));
        foreach (GraphTensor part in parts[2..])
        {
            sum = graph.Sum(sum, part);
        }

        return sum;
    }

    private (GraphTensor Chosen, GraphTensor Weights) Choose(LayerTensors tensors, GraphTensor logits, long count, int used)
    {
        GraphTensor probabilities = traits.ChoosesExpertsFirst ? logits : graph.Function(logits);
        GraphTensor ranked = tensors.Bias("exp_probs_b") is { } bias ? graph.Apply(bias, graph.View(probabilities)) : probabilities;
        GraphTensor chosen = graph.Columns(graph.Compute(count, ranked), used, count);
        GraphTensor weights = graph.Compute(used, graph.View(probabilities), chosen);
        if (traits.ChoosesExpertsFirst)
        {
            return (chosen, graph.Update(graph.View(weights)));
        }

        if (traits.NormalisesExperts(tensors))
        {
            GraphTensor shown = graph.View(weights);
            weights = graph.Update(shown, graph.Compute(1, graph.Compute(1, shown)));
        }

        if (experts!.WeightsScale is not (0 or 1))
        {
            weights = graph.Update(graph.View(weights));
        }

        return (chosen, weights);
    }

    // Whether one shader of Vulkan makes the whole choice, which reads the logits to its end. A bias that has to be brought parts it.
    private bool ChoosesAtOnce(LayerTensors tensors) => graph.Setting.Reorders
        && (graph.LayerPlace != graph.Setting.Host || (tensors.Bias("exp_probs_b") is null && graph.OffloadsRows));

    private GraphTensor Activated(GraphTensor raised) => traits.Squares ? graph.Function(graph.Function(raised)) : graph.Function(raised);

    private GraphTensor Biased(LayerTensors tensors, string name, GraphTensor result, GraphTensor chosen) =>
        tensors.Bias(name) is { } bias ? graph.ApplyExperts(bias, result, chosen) : result;
}
