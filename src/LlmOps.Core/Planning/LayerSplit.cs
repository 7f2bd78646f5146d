namespace LlmOps.Planning;

/// <summary>Shares out a row of layers among GPUs, in order, so that the fullest GPU is as little full as can be.</summary>
internal static class LayerSplit
{
    private const int Halvings = 24;

    /// <summary>Layers of each device (the output counted as one), and how full the fullest then is: 1 for just full.</summary>
    /// <param name="costs">Bytes of each layer and of the output.</param>
    /// <param name="room">Bytes that each device has for them.</param>
    public static (int[] Counts, double Fill) Balance(LayerCosts costs, IReadOnlyList<long> room)
    {
        double most = 0;
        foreach (long cost in costs.Device.AsSpan(costs.First))
        {
            most += cost;
        }

        // What is full beyond this is hopeless, and the caller only wants to know by how much.
        double least = 0;
        double top = Math.Max(1, most / Math.Max(1, room.Max())) * 2;
        int[] counts = new int[room.Count];
        if (!Fill(costs, room, top, counts))
        {
            return (counts, top);
        }

        if (room.Count == 1)
        {
            return (counts, most / Math.Max(1, room[0]));
        }

        int[] trial = new int[room.Count];
        for (int step = 0; step < Halvings; step++)
        {
            double middle = (least + top) / 2;
            if (Fill(costs, room, middle, trial))
            {
                (top, counts, trial) = (middle, trial, counts);
            }
            else
            {
                least = middle;
            }
        }

        return (counts, top);
    }

    /// <summary>Whether the layers can be shared out at all when each device has <paramref name="room"/>. Says no without searching for the best way.</summary>
    public static bool Fits(LayerCosts costs, IReadOnlyList<long> room) => Fill(costs, room, 1, new int[room.Count]);

    // Each device in turn takes layers until the next one would make it fuller than the limit.
    private static bool Fill(LayerCosts costs, IReadOnlyList<long> room, double limit, int[] counts)
    {
        Array.Clear(counts);
        int layer = costs.First;
        for (int device = 0; device < room.Count; device++)
        {
            double left = room[device] * limit;
            while (layer < costs.Device.Length && costs.Device[layer] <= left)
            {
                left -= costs.Device[layer];
                counts[device]++;
                layer++;
            }
        }

        return layer == costs.Device.Length;
    }
}
