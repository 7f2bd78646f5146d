using System.Globalization;
using System.Text.Json;
using LlmOps.Planning;

namespace LlmOps.Benchmarks;

/// <summary>Fits the roofline on one half of observed decode rates and reports the error on the other.</summary>
internal static class SpeedBenchmark
{
    /// <summary>Prints each usable row, then the errors.</summary>
    /// <param name="path">A list of objects with <c>gpu</c>, <c>n_gpu</c>, <c>model</c>, <c>quant</c>, <c>engine</c> and <c>decode_tps</c>.</param>
    public static int Run(string path)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
        List<(SpeedRow Row, string? Why)> all = [.. document.RootElement.EnumerateArray().Select(SpeedRow.Of)];
        SpeedRow[] rows = [.. all.Where(item => item.Why is null).Select(item => item.Row)];
        SpeedRow[] fitted = [.. rows.Where((_, at) => at % 2 == 0)];
        SpeedRow[] tested = [.. rows.Where((_, at) => at % 2 == 1)];
        foreach (IGrouping<string?, (SpeedRow, string? Why)> left in all.Where(item => item.Why is not null).GroupBy(item => item.Why).OrderByDescending(group => group.Count()))
        {
            Console.WriteLine($"left out {left.Count(),3}: {left.Key}");
        }

        Console.WriteLine("\nfitted on every other row: " + Constants(Fit(fitted)));
        Console.WriteLine("in the product:            " + Constants(Roofline.Fitted) + "\n");
        Console.WriteLine($"{"half",-5} {"GPU",-50} {"model",-30} {"quant",-16} {"observed",9} {"predicted",9} {"error",7}");
        for (int at = 0; at < rows.Length; at++)
        {
            SpeedRow row = rows[at];
            double predicted = row.Predict(Roofline.Fitted);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(at % 2 == 0 ? "fit" : "test"),-5} {row.Gpus + " x " + row.Gpu,-50} {row.Model,-30} {row.Quantisation,-16} {row.Observed,9:0.0} {predicted,9:0.0} {(predicted / row.Observed) - 1,7:+0 %;-0 %}"));
        }

        Summary("fit half, as in the product", fitted, Roofline.Fitted);
        Summary("test half, as in the product", tested, Roofline.Fitted);
        Summary("test half, datasheet bandwidth alone", tested, new Roofline { GpuBandwidth = 1, OtherGpuBandwidth = 1, LayerSeconds = 0, ExpertLayerSeconds = 0, CrossingSeconds = 0 });
        return 0;
    }

    private static string Constants(Roofline roofline) => string.Create(
        CultureInfo.InvariantCulture,
        $"GpuBandwidth {roofline.GpuBandwidth:0.00}, OtherGpuBandwidth {roofline.OtherGpuBandwidth:0.00}, LayerSeconds {roofline.LayerSeconds * 1e6:0} us, ExpertLayerSeconds {roofline.ExpertLayerSeconds * 1e6:0} us");

    private static Roofline Fit(SpeedRow[] rows)
    {
        SpeedRow[] dense = [.. rows.Where(row => !row.HasExperts && row.IsTuned)];
        SpeedRow[] others = [.. rows.Where(row => !row.HasExperts && !row.IsTuned)];
        IEnumerable<Roofline> grid = from bandwidth in Enumerable.Range(50, 51) from layer in Enumerable.Range(0, 31) select new Roofline { GpuBandwidth = bandwidth / 100.0, LayerSeconds = layer * 5e-6 };
        Roofline best = grid.MinBy(trial => Error(dense, trial))!;
        best = Enumerable.Range(20, 81).Select(share => best with { OtherGpuBandwidth = share / 100.0 }).MinBy(trial => Error(others, trial))!;
        SpeedRow[] experts = [.. rows.Where(row => row.HasExperts)];
        return Enumerable.Range(0, 61).Select(layer => best with { ExpertLayerSeconds = layer * 5e-6 }).MinBy(trial => Error(experts, trial))!;
    }

    private static double Error(SpeedRow[] rows, Roofline roofline) => rows.Sum(row => Math.Abs(Math.Log(row.Predict(roofline) / row.Observed)));

    private static void Summary(string what, SpeedRow[] rows, Roofline roofline)
    {
        double[] errors = [.. rows.Select(row => Math.Abs((row.Predict(roofline) / row.Observed) - 1)).Order()];
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what}: {rows.Length} rows, error median {errors[errors.Length / 2]:P0}, mean {errors.Average():P0}, 90th percentile {errors[errors.Length * 9 / 10]:P0}, worst {errors[^1]:P0}"));
    }
}
