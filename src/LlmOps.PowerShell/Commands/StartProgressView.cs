using System.Globalization;
using System.Management.Automation;
using LlmOps.Servers;

namespace LlmOps.Commands;

/// <summary>How the start of a server looks as PowerShell progress.</summary>
internal static class StartProgressView
{
    public static void Show(StartProgress progress, ProgressRecord record)
    {
        record.StatusDescription = string.Create(
            CultureInfo.InvariantCulture, $"{progress.State}: {progress.Activity} ({progress.Elapsed.TotalSeconds:0} s)");
        record.PercentComplete = progress.Fraction is double fraction ? (int)Math.Clamp(fraction * 100, 0, 100) : -1;
        record.CurrentOperation = progress.LogLine;
    }
}
