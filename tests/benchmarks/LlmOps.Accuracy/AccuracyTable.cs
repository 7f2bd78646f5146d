namespace LlmOps.Accuracy;

/// <summary>Prints how far predictions are off, one line an architecture.</summary>
internal static class AccuracyTable
{
    public static void Print(IReadOnlyList<Comparison> all)
    {
        Console.WriteLine("| architecture | rows | weights median | worst | context median | worst | compute median | worst | host compute median | worst | total: most under | most over |");
        Console.WriteLine("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
        foreach (IGrouping<string, Comparison> group in all.GroupBy(item => item.Case.Architecture).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            PrintLine(group.Key, [.. group]);
        }

        PrintLine("all", all);
    }

    public static void PrintRows(IEnumerable<Comparison> rows)
    {
        foreach (Comparison row in rows)
        {
            Console.WriteLine($"#{row.Case.Id,-4} {row.Case.Model + "." + row.Case.Mix,-34} {row.Case.Flags,-62} {row.Measured.Name,-8}"
                + $" weights {row.Model:F1}/{row.Measured.Model:F1} context {row.Context:F1}/{row.Measured.Context:F1} compute {row.Compute:F2}/{row.Measured.Compute:F2}"
                + $" ({Comparison.ExactError(row.Compute, row.Measured.Compute):P1})");
        }
    }

    private static void PrintLine(string name, IReadOnlyList<Comparison> rows)
    {
        Comparison[] devices = [.. rows.Where(row => !row.IsHost && row.Measured.Total > 0)];
        Comparison[] hosts = [.. rows.Where(row => row.IsHost)];
        double[] totals = [.. devices.Select(row => Comparison.ExactError(row.Total, row.Measured.Total))];
        Console.WriteLine($"| {name} | {rows.Count} | {Both(rows, row => Comparison.Error(row.Model, row.Measured.Model))} | {Both(rows, row => Comparison.Error(row.Context, row.Measured.Context))}"
            + $" | {Both(devices, row => Comparison.ExactError(row.Compute, row.Measured.Compute))} | {Both(hosts, row => Comparison.ExactError(row.Compute, row.Measured.Compute))}"
            + $" | {totals.DefaultIfEmpty().Min():P2} | {totals.DefaultIfEmpty().Max():P2} |");
    }

    private static string Both(IEnumerable<Comparison> rows, Func<Comparison, double> error)
    {
        double[] errors = [.. rows.Select(row => Math.Abs(error(row))).Order()];
        return errors.Length == 0 ? "- | -" : $"{errors[errors.Length / 2]:P2} | {errors[^1]:P2}";
    }
}
