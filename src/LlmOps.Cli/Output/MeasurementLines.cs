using System.Globalization;
using LlmOps.Benchmarking;

namespace LlmOps.Cli.Output;

/// <summary>Turns the progress of a measurement into lines: what is being done, how far it is, and the rate so far.</summary>
/// <param name="lines">Where they go.</param>
internal sealed class MeasurementLines(IProgress<string> lines) : IProgress<MeasurementProgress>
{
    /// <summary>Where lines stay, one for each request would be too many.</summary>
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private string? _activity;
    private long _last;

    public void Report(MeasurementProgress value)
    {
        lock (_lock)
        {
            if (value.Activity == _activity && TimeProvider.System.GetElapsedTime(_last) < s_pause)
            {
                return;
            }

            (_activity, _last) = (value.Activity, TimeProvider.System.GetTimestamp());
        }

        lines.Report(Describe(value));
    }

    /// <summary>One line that says where a measurement is.</summary>
    public static string Describe(MeasurementProgress progress)
    {
        if (progress.Completed == 0)
        {
            return progress.Activity;
        }

        string total = progress.Total > 0 ? string.Create(CultureInfo.InvariantCulture, $" of {progress.Total}") : string.Empty;
        return string.Create(CultureInfo.InvariantCulture, $"{progress.Activity}: {progress.Completed}{total} requests, {progress.OutputTokensPerSecondSoFar:0.0} output tok/s");
    }
}
