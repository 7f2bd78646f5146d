namespace LlmOps.Benchmarking.Comparison;

/// <summary>A relative change and its 95 % confidence interval; 0.1 is ten percent more.</summary>
internal readonly record struct RelativeChange(double Change, double Low, double High)
{
    /// <summary>Whether the interval leaves out zero.</summary>
    public bool IsVisible => Low > 0 || High < 0;
}
