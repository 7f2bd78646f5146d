using System.Globalization;
using LlmOps.Hardware;

namespace LlmOps.Benchmarking.Observation;

/// <summary>Processor time of the whole machine up to a moment, in clock ticks.</summary>
/// <param name="Busy">Ticks spent on anything.</param>
/// <param name="Total">All ticks.</param>
/// <param name="Processors">Processors online.</param>
internal readonly record struct ProcessorTimes(long Busy, long Total, int Processors)
{
    /// <summary>Reads <c>/proc/stat</c>; null where there is none.</summary>
    /// <remarks>Source: proc_stat(5): user nice system idle iowait irq softirq steal; guest time is in user already.</remarks>
    public static ProcessorTimes? Read(SystemFiles files) => files.ReadText("/proc/stat") is { } text ? Parse(text) : null;

    /// <summary>Reads the text of <c>/proc/stat</c>.</summary>
    public static ProcessorTimes? Parse(string text)
    {
        string[] lines = text.Split('\n');
        string[] fields = lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length < 6 || fields[0] != "cpu")
        {
            return null;
        }

        long[] ticks = [.. fields.Skip(1).Take(8).Select(field => long.TryParse(field, CultureInfo.InvariantCulture, out long value) ? value : 0)];
        long total = ticks.Sum();
        int processors = lines.Count(line => line.StartsWith("cpu", StringComparison.Ordinal) && line.Length > 3 && char.IsAsciiDigit(line[3]));
        return new ProcessorTimes(total - ticks[3] - ticks[4], total, processors);
    }

    /// <summary>Share of processor time used since an earlier moment, 0 to 1; null when no tick has passed.</summary>
    public double? ShareSince(ProcessorTimes? earlier) =>
        earlier is { } before && Total > before.Total ? Math.Clamp((Busy - before.Busy) / (double)(Total - before.Total), 0, 1) : null;
}
