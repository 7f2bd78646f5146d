using LlmOps.Models;

namespace LlmOps.Planning;

/// <summary>What one token touches in one place.</summary>
/// <param name="DenseBytes">Bytes of weights that every token reads.</param>
/// <param name="ExpertBytes">Bytes of the experts that work on a token.</param>
/// <param name="AllExpertBytes">Bytes of all experts there: a large batch reads them all.</param>
/// <param name="CacheBytes">Bytes of keys, values and recurrent state that a token reads.</param>
/// <param name="Parameters">Weights that take part in computing a token.</param>
/// <param name="Layers">Layers there.</param>
internal readonly record struct ActiveWeights(double DenseBytes, double ExpertBytes, double AllExpertBytes, double CacheBytes, double Parameters, int Layers)
{
    /// <summary>All bytes that a token reads.</summary>
    public double Bytes => DenseBytes + ExpertBytes + CacheBytes;

    /// <summary>What a token touches on each device and, last, on the host.</summary>
    /// <param name="model">The model.</param>
    /// <param name="placement">Where it is.</param>
    /// <param name="depth">Tokens that are in the context already.</param>
    public static ActiveWeights[] Of(ModelDescription model, Placement placement, long depth)
    {
        int[] deviceOf = MemoryModel.LayerDevices(model.LayerCount, placement);
        int host = placement.Devices.Count;
        ActiveWeights[] places = new ActiveWeights[host + 1];
        double share = model.Experts is { Count: > 0 } experts ? (double)experts.UsedCount / experts.Count : 1;
        long stored = Math.Max(1, model.Weights.OutputBytes + model.Weights.InputBytes + model.Weights.Layers.Sum(layer => layer.DenseBytes + layer.ExpertBytes) - (model.Weights.TiedEmbeddings ? model.Weights.InputBytes : 0));
        double parametersPerByte = model.ParameterCount > 0 ? (double)model.ParameterCount / stored : 1.7; // a 4-bit mix, where a description has no count
        Placement one = placement with { ContextLength = Math.Min(Math.Max(256, depth), placement.ContextLength), Slots = 1, Unified = true };

        int working = model.LayerCount - model.NextTokenLayerCount;
        foreach (LayerWeights layer in model.Weights.Layers.Where(layer => layer.Layer < working))
        {
            int place = At(layer.Layer);
            int expertPlace = layer.Layer < placement.CpuMoeLayers ? host : place;
            places[place] = places[place] with
            {
                DenseBytes = places[place].DenseBytes + layer.DenseBytes,
                Parameters = places[place].Parameters + (layer.DenseBytes * parametersPerByte),
                Layers = places[place].Layers + 1,
            };
            places[expertPlace] = places[expertPlace] with
            {
                ExpertBytes = places[expertPlace].ExpertBytes + (layer.ExpertBytes * share),
                AllExpertBytes = places[expertPlace].AllExpertBytes + layer.ExpertBytes,
                Parameters = places[expertPlace].Parameters + (layer.ExpertBytes * share * parametersPerByte),
            };
        }

        foreach (AttentionShape shape in model.Attention.Where(shape => shape.Layer < working))
        {
            AddCache(shape.Layer, MemoryModel.KvBytes(shape, one));
        }

        if (model.Recurrent is { } recurrent)
        {
            foreach (int layer in Memory.RecurrentState.Layers(model))
            {
                AddCache(layer, 2 * (recurrent.ConvolutionElements + recurrent.StateElements) * sizeof(float)); // read and written back
            }
        }

        int output = At(model.LayerCount);
        places[output] = places[output] with
        {
            DenseBytes = places[output].DenseBytes + model.Weights.OutputBytes,
            Parameters = places[output].Parameters + (model.Weights.OutputBytes * parametersPerByte),
        };
        return places;

        int At(int layer) => deviceOf[layer] < 0 ? host : deviceOf[layer];

        void AddCache(int layer, long bytes)
        {
            int place = placement.OffloadsCache ? At(layer) : host;
            places[place] = places[place] with { CacheBytes = places[place].CacheBytes + bytes };
        }
    }
}
