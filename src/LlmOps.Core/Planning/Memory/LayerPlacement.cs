namespace LlmOps.Planning.Memory;

/// <summary>The device of each layer.</summary>
/// <remarks>Source: llama.cpp <c>src/llama-model.cpp</c> (load_tensors).</remarks>
internal static class LayerPlacement
{
    /// <summary>The device of each layer and, last, of the output; -1 is the host.</summary>
    public static int[] Devices(int layers, Placement placement)
    {
        int[] devices = new int[layers + 1];
        Array.Fill(devices, -1);
        int offloaded = Math.Min(placement.GpuLayers, layers + 1);
        if (placement.Devices.Count == 0 || offloaded == 0)
        {
            return devices;
        }

        float[] ends = CumulativeShares(placement);
        int first = layers + 1 - offloaded;
        for (int layer = first; layer <= layers; layer++)
        {
            // std::upper_bound over the cumulative shares: the first end that lies beyond the layer's position.
            float position = (float)(layer - first) / offloaded;
            int device = 0;
            while (device < ends.Length - 1 && ends[device] <= position)
            {
                device++;
            }

            devices[layer] = device;
        }

        return devices;
    }

    // Single precision, as the engine computes it: a layer on the border would else fall on the other side.
    public static float[] CumulativeShares(Placement placement)
    {
        float[] ends = new float[placement.Devices.Count];
        float sum = 0;
        for (int at = 0; at < ends.Length; at++)
        {
            sum += placement.Shares.Count > 0 ? (float)placement.Shares.ElementAtOrDefault(at) : placement.Devices[at].FreeBytes;
            ends[at] = sum;
        }

        for (int at = 0; at < ends.Length && sum > 0; at++)
        {
            ends[at] /= sum;
        }

        return ends;
    }
}
