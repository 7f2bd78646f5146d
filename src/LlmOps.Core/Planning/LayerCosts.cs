using LlmOps.Models;
using LlmOps.Planning.Memory;

namespace LlmOps.Planning;

/// <summary>What each layer needs where it goes, without the scratch memory of the computation: a lower bound that costs microseconds.</summary>
internal sealed class LayerCosts
{
    private LayerCosts(long[] device, long hostBytes)
    {
        Device = device;
        HostBytes = hostBytes;
    }

    /// <summary>Bytes on a GPU of each layer that is on one and, last, of the output.</summary>
    public long[] Device { get; }

    /// <summary>Bytes in main memory: input tables, layers and experts that stay there, and their caches.</summary>
    public long HostBytes { get; }

    /// <summary>The first layer on a GPU; <see cref="Device"/>'s length when there is none.</summary>
    public int First { get; private init; }

    /// <summary>The costs of <paramref name="model"/> placed as <paramref name="placement"/> says; shares are not looked at.</summary>
    public static LayerCosts Of(ModelDescription model, Placement placement)
    {
        int layers = model.LayerCount;
        int first = placement.Devices.Count == 0 ? layers + 1 : layers + 1 - Math.Min(placement.GpuLayers, layers + 1);
        long[] device = new long[layers + 1];
        long host = model.Weights.InputBytes;
        Add(layers, model.Weights.OutputBytes, staysOnHost: false);

        int loaded = placement.DraftsNextTokens ? layers : layers - model.NextTokenLayerCount;
        foreach (LayerWeights weights in model.Weights.Layers)
        {
            if (weights.Layer < loaded)
            {
                Add(weights.Layer, weights.DenseBytes, staysOnHost: false);
                Add(weights.Layer, weights.ExpertBytes, staysOnHost: weights.Layer < placement.CpuMoeLayers);
            }
        }

        foreach (AttentionShape shape in model.Attention)
        {
            Add(shape.Layer, MemoryModel.KvBytes(shape, placement), !placement.OffloadsCache);
        }

        if (model.Recurrent is { } recurrent)
        {
            long state = RecurrentState.LayerBytes(recurrent, placement);
            foreach (int layer in RecurrentState.Layers(model))
            {
                Add(layer, state, !placement.OffloadsCache);
            }
        }

        return new LayerCosts(device, host) { First = first };

        void Add(int layer, long bytes, bool staysOnHost)
        {
            if (layer < first || staysOnHost)
            {
                host += bytes;
            }
            else
            {
                device[layer] += bytes;
            }
        }
    }
}
