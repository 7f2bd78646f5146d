namespace LlmOps.Benchmarking.Reports.Html;

/// <summary>One line of a chart.</summary>
/// <param name="Name">What the legend calls it.</param>
/// <param name="Colour">Its colour, from 0.</param>
/// <param name="Dash">Its stroke: empty for a whole line.</param>
/// <param name="Points">Its points, in order of x.</param>
internal sealed record ChartSeries(string Name, int Colour, string Dash, IReadOnlyList<ChartPoint> Points)
{
    /// <summary>Colours there are; further series begin again with the first.</summary>
    public const int Colours = 8;

    /// <summary>Whether the points are marked; lines of many points are not.</summary>
    public bool HasMarks { get; init; } = true;

    /// <summary>Whether the space below the line is tinted.</summary>
    public bool IsFilled { get; init; }
}

/// <summary>A point and what it says of itself.</summary>
internal sealed record ChartPoint(double X, double Y, string Text)
{
    /// <summary>Lower and upper end of its uncertainty; null when unknown.</summary>
    public (double Low, double High)? Range { get; init; }
}
