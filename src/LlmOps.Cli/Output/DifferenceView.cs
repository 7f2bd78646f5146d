using System.Globalization;
using LlmOps.Benchmarking.Comparison;
using Spectre.Console;

namespace LlmOps.Cli.Output;

/// <summary>Differences from a baseline as people want to see them.</summary>
internal static class DifferenceView
{
    public static void Write(IAnsiConsole console, IReadOnlyList<ThroughputDifference> differences)
    {
        Table table = Screen.Table("Load", "Figure", ">Baseline", ">Now", ">Change", ">95 % interval", "Verdict");
        foreach (ThroughputDifference difference in differences.Where(difference => difference.Verdict != DifferenceVerdict.NoCounterpart))
        {
            table.Row(
                difference.Load,
                difference.Figure switch { ComparedFigure.OutputTokensPerSecond => "output tok/s", ComparedFigure.Ttft => "TTFT ms", ComparedFigure.Tpot => "TPOT ms", _ => "E2E ms" },
                Value(difference, difference.Baseline),
                Value(difference, difference.Current),
                Percent(difference.ChangePercent),
                difference.LowPercent is null ? null : $"{Percent(difference.LowPercent)} to {Percent(difference.HighPercent)}",
                difference.Verdict switch
                {
                    DifferenceVerdict.Better => "better",
                    DifferenceVerdict.Worse => "worse",
                    DifferenceVerdict.TooFewValues => "too few requests to tell",
                    _ => "no difference visible",
                });
        }

        console.Write(table);
        foreach (ThroughputDifference alone in differences.Where(difference => difference.Verdict == DifferenceVerdict.NoCounterpart))
        {
            console.Line(alone.Summary);
        }
    }

    private static string? Value(ThroughputDifference difference, double? value) => value is not { } known ? null
        : difference.Figure == ComparedFigure.OutputTokensPerSecond ? Screen.Number(known) : Screen.Milliseconds(known);

    private static string? Percent(double? percent) => percent is { } known ? known.ToString("+0.0;-0.0;0", CultureInfo.InvariantCulture) + " %" : null;
}
