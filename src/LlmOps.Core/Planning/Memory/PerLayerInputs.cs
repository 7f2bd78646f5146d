using LlmOps.Models;

namespace LlmOps.Planning.Memory;

/// <summary>Embeddings that every layer adds of its own (gemma4's small models): looked up on the host, projected once, a slice for each layer.</summary>
/// <param name="graph">The graph.</param>
/// <param name="source">The looked-up rows.</param>
/// <param name="width">Elements of a slice.</param>
/// <param name="layers">Slices.</param>
/// <param name="projection">The matrix of the projection, where it is known.</param>
/// <param name="norm">What the projection is normed with, where it is known.</param>
internal sealed class PerLayerInputs(GraphBuilder graph, GraphTensor source, long width, int layers, WeightTensor? projection, WeightTensor? norm)
{
    private GraphTensor? _scaled;
    private GraphTensor? _slices;

    /// <summary>The inputs of <paramref name="model"/>, looked up before the tokens themselves; null when it has none.</summary>
    public static PerLayerInputs? Of(ModelDescription model, GraphBuilder graph)
    {
        if (model.LayerCount == 0 || LayerTensors.Of(model)[0]["inp_gate"] is not { } gate)
        {
            return null;
        }

        graph.Layer = -1;
        GraphTensor tokens = graph.Input(graph.Setting.Tokens * sizeof(int));
        GraphTensor rows = graph.ComputeAt(graph.Setting.Host, gate.Rows * model.LayerCount * graph.Setting.Tokens * sizeof(float), tokens);
        return new PerLayerInputs(graph, rows, gate.Rows, model.LayerCount, Shared("per_layer_model_proj.weight"), Shared("per_layer_proj_norm.weight"));

        WeightTensor? Shared(string name) => model.Weights.SharedTensors.FirstOrDefault(tensor => tensor.Name == name);
    }

    /// <summary>Says what the embedded tokens are, which a projection of is added.</summary>
    public void Join(GraphTensor scaled) => _scaled = scaled;

    /// <summary>The stream with the layer's own embeddings added.</summary>
    public GraphTensor Add(int layer, LayerTensors tensors, GraphTensor stream)
    {
        graph.Layer = layer;
        GraphTensor gated = graph.Function(graph.Multiply(tensors["inp_gate"]!, stream));
        _slices ??= Project();
        GraphTensor slice = graph.Part(_slices, width * graph.Setting.Tokens * sizeof(float));
        if (graph.Rows < graph.Setting.Tokens)
        {
            slice = graph.Compute(width, slice);
        }

        GraphTensor output = graph.Multiply(tensors["proj"]!, graph.Product(gated, slice));
        output = tensors["post_norm"] is { } norm ? graph.Apply(norm, graph.Norm(output)) : output;
        return graph.Sum(stream, output);
    }

    // The projection's matrix is with the first layer.
    private GraphTensor Project()
    {
        long bytes = width * layers * graph.Setting.Tokens * sizeof(float);
        int layer = graph.Layer;
        graph.Layer = 0;
        GraphTensor projected = graph.Update(projection is null ? graph.ComputeAt(graph.LayerPlace, bytes, _scaled!) : graph.MultiplyAll(projection, _scaled!));
        GraphTensor normed = graph.Norm(graph.View(projected));
        projected = norm is null ? graph.Scaled(normed) : graph.Apply(norm, normed, layers * graph.Setting.Tokens);
        graph.Layer = layer;
        GraphTensor looked = graph.Update(source);
        GraphTensor sum = graph.Update(graph.Sum(projected, graph.View(looked)));
        return graph.Allocate(bytes, graph.View(sum));
    }
}
