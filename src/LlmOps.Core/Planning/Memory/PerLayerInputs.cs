using LlmOps.Models;

namespace LlmOps.Planning.Memory;

/// <summary>Embeddings that every layer adds of its own (gemma4's small models): looked up on the host, projected once, a slice for each layer.</summary>
/// <param name="graph">The graph.</param>
/// <param name="source">The looked-up rows.</param>
/// <param name="scaled">The embedded tokens, which a projection of is added.</param>
/// <param name="width">Elements of a slice.</param>
/// <param name="layers">Slices.</param>
internal sealed class PerLayerInputs(GraphBuilder graph, GraphTensor source, GraphTensor scaled, long width, int layers)
{
    private GraphTensor? _slices;

    /// <summary>The inputs of <paramref name="model"/>; null when it has none.</summary>
    public static PerLayerInputs? Of(ModelDescription model, GraphBuilder graph, GraphTensor scaled)
    {
        if (model.LayerCount == 0 || LayerTensors.Of(model)[0]["inp_gate"] is not { } gate)
        {
            return null;
        }

        graph.Layer = -1;
        GraphTensor tokens = graph.Input(graph.Setting.Tokens * sizeof(int));
        GraphTensor rows = graph.ComputeAt(graph.Setting.Host, gate.Rows * model.LayerCount * graph.Setting.Tokens * sizeof(float), tokens);
        return new PerLayerInputs(graph, rows, scaled, gate.Rows, model.LayerCount);
    }

    /// <summary>The stream with the layer's own embeddings added.</summary>
    public GraphTensor Add(int layer, LayerTensors tensors, GraphTensor stream)
    {
        graph.Layer = layer;
        GraphTensor gated = graph.Update(graph.Multiply(tensors["inp_gate"]!, stream));
        _slices ??= Project();
        GraphTensor slice = graph.Part(_slices, width * graph.Setting.Tokens * sizeof(float));
        if (graph.Rows < graph.Setting.Tokens)
        {
            slice = graph.Compute(width, slice);
        }

        GraphTensor output = graph.Multiply(tensors["proj"]!, graph.Update(gated, slice));
        output = tensors["post_norm"] is { } norm ? graph.Apply(norm, graph.Norm(output)) : output;
        return graph.Update(stream, output);
    }

    // The projection's matrix is with the first layer.
    private GraphTensor Project()
    {
        long bytes = width * layers * graph.Setting.Tokens * sizeof(float);
        GraphTensor projected = graph.Update(graph.ComputeAt(graph.Setting.LayerPlaces[0], bytes, scaled));
        projected = graph.Update(graph.Update(graph.View(projected)));
        GraphTensor looked = graph.Update(source);
        GraphTensor sum = graph.Update(graph.Update(projected, graph.View(looked)));
        return graph.Allocate(bytes, graph.View(sum));
    }
}
