using System.Globalization;
using System.Management.Automation;
using LlmOps.Benchmarking.Sweeps;

namespace LlmOps.Commands;

/// <summary>How a sweep looks as PowerShell progress: its combinations, and below them what is done for the one at work.</summary>
internal static class SweepProgressView
{
    public static void Show(SweepProgress progress, ProgressRecord record)
    {
        record.StatusDescription = progress.Options.Length == 0
            ? progress.Activity
            : string.Create(CultureInfo.InvariantCulture, $"{progress.Point} of {progress.Points}: {progress.Options}");
        record.PercentComplete = progress.Points == 0 ? -1 : Math.Clamp(100 * (progress.Point - 1) / progress.Points, 0, 100);
    }

    public static void ShowPart(SweepProgress progress, ProgressRecord record)
    {
        if (progress.Measurement is { } measurement)
        {
            MeasurementProgressView.ShowPart(measurement, record);
            return;
        }

        record.Activity = progress.Activity;
        record.StatusDescription = "the server is restarted for each combination";
        record.PercentComplete = -1;
    }
}
