using LlmOps.Hardware;

namespace LlmOps.Benchmarking.Observation;

/// <summary>Folds the samples of one GPU over a load point.</summary>
internal static class GpuFold
{
    /// <summary>Reasons that are no hindrance: nothing to do, or clocks as somebody set them for good.</summary>
    private static readonly string[] s_harmless = ["GpuIdle", "ApplicationsClocksSetting", "DisplayClockSetting", "SyncBoost"];

    /// <summary>The figures of each GPU sampled.</summary>
    /// <param name="rounds">The samples of each look.</param>
    /// <param name="topology">The GPUs' names and links.</param>
    /// <param name="seconds">How long the point took.</param>
    public static IReadOnlyList<GpuLoadFigures> Fold(IReadOnlyList<IReadOnlyList<GpuSample>> rounds, GpuTopology topology, double seconds) =>
        [.. rounds.SelectMany(round => round).GroupBy(sample => sample.Index).OrderBy(group => group.Key)
            .Select(group => Fold([.. group], topology.Gpus.FirstOrDefault(gpu => gpu.Index == group.Key), seconds))];

    private static GpuLoadFigures Fold(IReadOnlyList<GpuSample> samples, GpuDevice? gpu, double seconds)
    {
        double? watts = Mean(samples, sample => sample.PowerWatts);
        return new GpuLoadFigures
        {
            Index = samples[0].Index,
            Name = gpu?.Name ?? string.Empty,
            Samples = samples.Count,
            UtilizationPercent = Mean(samples, sample => sample.UtilizationPercent),
            MemoryUtilizationPercent = Mean(samples, sample => sample.MemoryUtilizationPercent),
            PeakMemoryBytes = samples.Max(sample => sample.MemoryUsedBytes),
            PowerWatts = watts,
            EnergyJoules = watts * seconds,
            PeakTemperatureCelsius = samples.Max(sample => sample.TemperatureCelsius),
            GraphicsMhz = Mean(samples, sample => sample.GraphicsMhz),
            PcieSentBytesPerSecond = Mean(samples, sample => sample.PcieSentBytesPerSecond),
            PcieReceivedBytesPerSecond = Mean(samples, sample => sample.PcieReceivedBytesPerSecond),
            PcieLinkBytesPerSecond = gpu?.Pcie?.BytesPerSecond,
            Throttling = Throttling(samples),
        };
    }

    private static SortedDictionary<string, double> Throttling(IReadOnlyList<GpuSample> samples)
    {
        SortedDictionary<string, double> shares = new(StringComparer.Ordinal);
        GpuSample[] told = [.. samples.Where(sample => sample.ClockLimits is not null)];
        foreach (string reason in told.SelectMany(sample => sample.ClockLimits!).Except(s_harmless))
        {
            shares[reason] = told.Count(sample => sample.ClockLimits!.Contains(reason)) / (double)told.Length;
        }

        return shares;
    }

    private static double? Mean(IReadOnlyList<GpuSample> samples, Func<GpuSample, double?> value) => samples.Average(value);
}
