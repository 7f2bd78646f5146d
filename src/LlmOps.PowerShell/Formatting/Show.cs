using System.Globalization;
using LlmOps.Benchmarking.Comparison;

namespace LlmOps.Formatting;

/// <summary>How the module's default views write values. Objects keep raw numbers; units and rounding exist only here, in every culture alike.</summary>
public static class Show
{
    /// <summary>A size: <c>23.7 GiB</c>.</summary>
    public static string Size(long? bytes) => bytes is long size ? Bytes.Format(size) : string.Empty;

    /// <summary>A bandwidth: <c>12.0 GiB/s</c>.</summary>
    public static string Bandwidth(long? bytesPerSecond) => bytesPerSecond is long rate ? Bytes.FormatRate(rate) : string.Empty;

    /// <summary>A count as people say it: <c>32.8 B</c> for parameters, <c>512</c> as it is.</summary>
    public static string Count(long? count) => count switch
    {
        null => string.Empty,
        >= 1_000_000_000_000 => Number(count / 1e12, "0.0") + " T",
        >= 1_000_000_000 => Number(count / 1e9, "0.0") + " B",
        >= 1_000_000 => Number(count / 1e6, "0.0") + " M",
        _ => Number(count, "0"),
    };

    /// <summary>Events a second, three digits or so: <c>41.2</c>.</summary>
    public static string Rate(double? perSecond) => perSecond switch
    {
        null => string.Empty,
        >= 100 => Number(perSecond, "0"),
        >= 10 => Number(perSecond, "0.0"),
        _ => Number(perSecond, "0.00"),
    };

    /// <summary>A latency: <c>12.3 ms</c>, <c>1.24 s</c>.</summary>
    public static string Latency(double? seconds) => seconds switch
    {
        null => string.Empty,
        < 0.0995 => Number(seconds * 1000, "0.0") + " ms",
        < 0.9995 => Number(seconds * 1000, "0") + " ms",
        < 99.95 => Number(seconds, "0.00") + " s",
        _ => Number(seconds, "0") + " s",
    };

    /// <summary>A share of one: <c>45 %</c>.</summary>
    public static string Share(double? share) => share is double known ? Number(known * 100, "0.#") + " %" : string.Empty;

    /// <summary>A change in percent, with its sign: <c>+4.2 %</c>.</summary>
    public static string Change(double? percent) => percent is double known ? Number(known, "+0.0;-0.0;0.0") + " %" : string.Empty;

    /// <summary>A compared figure: a rate or a latency.</summary>
    public static string Compared(ComparedFigure figure, double? value) => figure == ComparedFigure.OutputTokensPerSecond ? Rate(value) : Latency(value);

    /// <summary>What a sweep is ranked by, as a plain number.</summary>
    public static string Score(double? score) => score is double known ? Number(known, known < 1 ? "0.0000" : "0.0") : string.Empty;

    /// <summary>How long ago: <c>12 s</c>, <c>3 min</c>, <c>5 h</c>, <c>12 d</c>.</summary>
    public static string Age(DateTimeOffset? since, DateTimeOffset? until)
    {
        if (since is not DateTimeOffset start)
        {
            return string.Empty;
        }

        TimeSpan age = (until ?? TimeProvider.System.GetUtcNow()) - start;
        return age switch
        {
            { TotalMinutes: < 2 } => Number(Math.Max(0, age.TotalSeconds), "0") + " s",
            { TotalHours: < 2 } => Number(age.TotalMinutes, "0") + " min",
            { TotalDays: < 2 } => Number(age.TotalHours, "0") + " h",
            _ => Number(age.TotalDays, "0") + " d",
        };
    }

    /// <summary>A moment in local time: <c>2026-11-21 13:38:44</c>.</summary>
    public static string Time(DateTimeOffset? moment) =>
        moment?.LocalDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) ?? string.Empty;

    private static string Number(double? value, string format) => value!.Value.ToString(format, CultureInfo.InvariantCulture);
}
