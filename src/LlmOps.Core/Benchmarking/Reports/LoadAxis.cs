using System.Globalization;

namespace LlmOps.Benchmarking.Reports;

/// <summary>How load is named and ordered in reports.</summary>
internal static class LoadAxis
{
    /// <summary>Where a point stands: requests a second in an open loop, else streams.</summary>
    public static double Of(ThroughputResult result) => result.RequestRate ?? result.Concurrency;

    /// <summary>What the axis is called.</summary>
    public static string Label(IReadOnlyList<ThroughputResult> results) =>
        results.All(result => result.RequestRate is not null) ? "requests a second offered" : "requests in flight at a time";

    /// <summary><c>4 streams</c>, <c>2.5 requests/s</c>.</summary>
    public static string Load(ThroughputResult result) => result.RequestRate is { } rate
        ? string.Create(CultureInfo.InvariantCulture, $"{rate:0.###} requests/s")
        : result.Concurrency == 1 ? "1 stream" : string.Create(CultureInfo.InvariantCulture, $"{result.Concurrency} streams");

    /// <summary><c>4 streams</c>, <c>2.5 requests/s</c>; with what a sweep had set.</summary>
    public static string Name(ThroughputResult result) => result.SweptOptions.Count == 0 ? Load(result) : $"{Load(result)}, {Swept(result)}";

    /// <summary>What belongs together in a chart: a server with its options of the sweep.</summary>
    public static string Group(ThroughputResult result) => result.SweptOptions.Count == 0 ? result.ServerName : Swept(result);

    private static string Swept(ThroughputResult result) => string.Join(' ', result.SweptOptions.Select(option => $"{option.Key}={option.Value}"));
}
