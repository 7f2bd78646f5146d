using LlmOps.Models;

namespace LlmOps.Planning.Memory;

/// <summary>State of state-space and hybrid models: always 32-bit floats, one a slot and one more for each draft token that may be taken back.</summary>
/// <remarks>Source: llama.cpp <c>src/llama-memory-recurrent.cpp</c>.</remarks>
internal static class RecurrentState
{
    /// <summary>Bytes in one layer.</summary>
    public static long LayerBytes(RecurrentShape shape, Placement placement) =>
        (shape.ConvolutionElements + shape.StateElements) * sizeof(float) * placement.Slots * (1 + placement.DraftTokens);

    /// <summary>The layers that keep a state. Where a description does not list them: those without a KV cache, or all when every layer has one.</summary>
    public static IEnumerable<int> Layers(ModelDescription model)
    {
        if (model.Recurrent is not { LayerCount: > 0 } shape)
        {
            return [];
        }

        if (shape.Layers.Count > 0)
        {
            return shape.Layers;
        }

        IEnumerable<int> all = Enumerable.Range(0, model.LayerCount);
        return shape.LayerCount >= model.LayerCount ? all
            : all.Where(layer => layer >= model.Attention.Count || model.Attention[layer].KeyValueHeadCount == 0).Take(shape.LayerCount);
    }
}
