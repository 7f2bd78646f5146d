using System.Globalization;
using LlmOps.Benchmarking.Comparison;
using LlmOps.Benchmarking.Sweeps;
using Spectre.Console;

namespace LlmOps.Cli.Output;

/// <summary>A sweep as people want to see it, best first.</summary>
internal static class SweepView
{
    public static void Write(IAnsiConsole console, IReadOnlyList<SweepPoint> points, ComparedFigure figure)
    {
        bool isRate = figure == ComparedFigure.OutputTokensPerSecond;
        Table table = Screen.Table(">Place", "Options", isRate ? ">Out tok/s" : $">{figure} ms", ">Against the best", "Remark");
        foreach (SweepPoint point in points)
        {
            table.Row(
                point.Place?.ToString(CultureInfo.InvariantCulture),
                point.Text,
                point.Score is { } score ? isRate ? Screen.Number(score) : Screen.Milliseconds(score) : null,
                point.Place > 1 ? point.ChangePercent?.ToString("+0.0;-0.0;0", CultureInfo.InvariantCulture) + " %" : null,
                point.Problem ?? (point.IsTiedWithBest ? "no difference from the best visible" : point.Place == 1 ? "best" : point.Place is null ? "every request failed" : null));
        }

        console.Write(table);
    }
}
