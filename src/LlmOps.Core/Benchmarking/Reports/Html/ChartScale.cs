namespace LlmOps.Benchmarking.Reports.Html;

/// <summary>Turns values into places between two edges of a drawing, evenly or by powers.</summary>
internal sealed class ChartScale
{
    private readonly double _low;
    private readonly double _high;
    private readonly double _from;
    private readonly double _to;

    private ChartScale(double low, double high, double from, double to, bool logarithmic, IReadOnlyList<double> ticks) =>
        (_low, _high, _from, _to, IsLogarithmic, Ticks) = (low, high, from, to, logarithmic, ticks);

    /// <summary>Round values in its range.</summary>
    public IReadOnlyList<double> Ticks { get; }

    /// <summary>Whether equal steps are equal factors.</summary>
    public bool IsLogarithmic { get; }

    /// <summary>A scale for what is measured, from zero, or by powers where the values differ too much to be seen otherwise.</summary>
    public static ChartScale ForValues(IReadOnlyCollection<double> values, double from, double to)
    {
        double high = values.Count == 0 ? 1 : values.Max();
        double low = values.Where(value => value > 0).DefaultIfEmpty(high).Min();
        high = high > 0 ? high : 1;
        return low > 0 && high / low > 50 ? Powers(low, high, from, to) : Even(high, from, to, 5, exact: false);
    }

    /// <summary>A scale for what comes and goes over time, from zero: there a fall to nothing is to be seen as one.</summary>
    public static ChartScale FromZero(IReadOnlyCollection<double> values, double from, double to) => Even(values.Append(0).Max() is > 0 and var high ? high : 1, from, to, 5, exact: false);

    /// <summary>A scale for load: by powers when it spans more than a factor of eight.</summary>
    public static ChartScale ForLoads(IReadOnlyCollection<double> loads, double from, double to)
    {
        double low = loads.Count == 0 ? 1 : loads.Min();
        double high = loads.Count == 0 ? 1 : loads.Max();
        return new ChartScale(low, high, from, to, logarithmic: low > 0 && high / low > 8, [.. loads.Distinct().Order()]);
    }

    /// <summary>A scale for time that has passed.</summary>
    public static ChartScale ForTime(double seconds, double from, double to) => Even(seconds > 0 ? seconds : 1, from, to, 6, exact: true);

    /// <summary>Where a value is.</summary>
    public double At(double value)
    {
        if (_high <= _low)
        {
            return (_from + _to) / 2;
        }

        double share = IsLogarithmic ? Math.Log(Math.Max(value, _low) / _low) / Math.Log(_high / _low) : (value - _low) / (_high - _low);
        return _from + (Math.Clamp(share, 0, 1) * (_to - _from));
    }

    private static ChartScale Even(double high, double from, double to, int about, bool exact)
    {
        double step = NiceStep(high / about);
        double top = exact ? high : Math.Ceiling((high / step) - 1e-9) * step;
        List<double> ticks = [];
        for (int index = 0; (index * step) <= top + (step * 1e-6); index++)
        {
            ticks.Add(index * step);
        }

        return new ChartScale(0, top, from, to, logarithmic: false, ticks);
    }

    private static ChartScale Powers(double low, double high, double from, double to)
    {
        int first = (int)Math.Floor(Math.Log10(low));
        int last = (int)Math.Ceiling(Math.Log10(high));
        double[] ticks = [.. Enumerable.Range(first, last - first + 1).Select(power => Math.Pow(10, power))];
        return new ChartScale(ticks[0], ticks[^1], from, to, logarithmic: true, ticks);
    }

    /// <summary>The nearest of 1, 2, 2.5 and 5 times a power of ten that is not smaller.</summary>
    private static double NiceStep(double rough)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        return power * ((rough / power) switch { <= 1 => 1, <= 2 => 2, <= 2.5 => 2.5, <= 5 => 5, _ => 10 });
    }
}
