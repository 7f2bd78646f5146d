using System.Globalization;
using System.Management.Automation;
using LlmOps.Benchmarking;

namespace LlmOps.Commands;

/// <summary>How a measurement looks as PowerShell progress: its load points, and below them the requests of the one at work.</summary>
/// <param name="points">How many load points there are; 0 when a search finds out.</param>
internal sealed class MeasurementProgressView(int points)
{
    private string? _activity;
    private int _point;

    public void Show(MeasurementProgress progress, ProgressRecord record)
    {
        if (progress.Total > 0 && progress.Completed == 0 && progress.Activity != _activity)
        {
            _activity = progress.Activity;
            _point++;
        }

        record.StatusDescription = _point == 0 ? progress.Activity
            : points == 0 ? string.Create(CultureInfo.InvariantCulture, $"load {_point}")
            : string.Create(CultureInfo.InvariantCulture, $"load {Math.Min(_point, points)} of {points}");
        record.PercentComplete = points == 0 ? -1 : Math.Clamp(100 * (_point - 1) / points, 0, 100);
    }

    public static void ShowPart(MeasurementProgress progress, ProgressRecord record)
    {
        record.Activity = progress.Activity;
        record.StatusDescription = progress.Completed == 0 ? "no request is over yet" : Describe(progress);
        record.PercentComplete = progress.Total > 0 ? Math.Min(100, 100 * progress.Completed / progress.Total) : -1;
    }

    private static string Describe(MeasurementProgress progress)
    {
        string total = progress.Total > 0 ? string.Create(CultureInfo.InvariantCulture, $" of {progress.Total}") : string.Empty;
        return string.Create(CultureInfo.InvariantCulture, $"{progress.Completed}{total} requests, {progress.OutputTokensPerSecondSoFar:0.0} output tok/s");
    }
}
