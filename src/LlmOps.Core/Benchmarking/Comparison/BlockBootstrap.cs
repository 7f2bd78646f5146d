namespace LlmOps.Benchmarking.Comparison;

/// <summary>The noise of a ratio of sums, by drawing blocks of requests again and again.</summary>
/// <remarks>
/// Requests that run at the same time share the server's moods, so neighbours in time are drawn together: a circular block bootstrap
/// (Politis and Romano 1992), blocks as long as the load has streams. It sees the noise within a run, not that between two starts of a server.
/// </remarks>
internal static class BlockBootstrap
{
    /// <summary>Enough for the ends of a 95 % interval to be steady to a twentieth of its width.</summary>
    private const int Draws = 2000;

    /// <summary>Fewer blocks than this cannot tell their own spread.</summary>
    public const int FewestBlocks = 5;

    /// <summary>The change from one run's mean (or ratio of sums) to another's.</summary>
    /// <param name="baseline">Value and weight of each request, in order of time; the figure is Σ value / Σ weight.</param>
    /// <param name="current">The same now.</param>
    /// <param name="block">Requests of a block.</param>
    /// <returns>Null when there are too few.</returns>
    public static RelativeChange? Compare(IReadOnlyList<(double Value, double Weight)> baseline, IReadOnlyList<(double Value, double Weight)> current, int block)
    {
        int baselineBlock = Fit(baseline.Count, block);
        int currentBlock = Fit(current.Count, block);
        double before = Figure(baseline);
        double now = Figure(current);
        if (baselineBlock == 0 || currentBlock == 0 || !(before > 0) || !double.IsFinite(now))
        {
            return null;
        }

        // The same draws every time: comparing twice must say the same.
        Random random = new(20_260_131);
        double[] changes = new double[Draws];
        for (int draw = 0; draw < Draws; draw++)
        {
            double from = Draw(baseline, baselineBlock, random);
            changes[draw] = from > 0 ? (Draw(current, currentBlock, random) / from) - 1 : 0;
        }

        Array.Sort(changes);
        return new RelativeChange((now / before) - 1, changes[(int)(0.025 * Draws)], changes[(int)(0.975 * Draws) - 1]);
    }

    /// <summary>Σ value / Σ weight.</summary>
    public static double Figure(IReadOnlyList<(double Value, double Weight)> requests)
    {
        double value = 0;
        double weight = 0;
        foreach ((double Value, double Weight) request in requests)
        {
            value += request.Value;
            weight += request.Weight;
        }

        return weight > 0 ? value / weight : double.NaN;
    }

    /// <returns>The block length; shorter than wished when there would be too few blocks, 0 when there are too few requests.</returns>
    private static int Fit(int count, int block) => count < FewestBlocks ? 0 : Math.Clamp(block, 1, count / FewestBlocks);

    private static double Draw(IReadOnlyList<(double Value, double Weight)> requests, int block, Random random)
    {
        double value = 0;
        double weight = 0;
        for (int taken = 0; taken < requests.Count; taken += block)
        {
            int start = random.Next(requests.Count);
            int length = Math.Min(block, requests.Count - taken);
            for (int offset = 0; offset < length; offset++)
            {
                (double Value, double Weight) request = requests[(start + offset) % requests.Count];
                value += request.Value;
                weight += request.Weight;
            }
        }

        return weight > 0 ? value / weight : 0;
    }
}
