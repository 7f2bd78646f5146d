using System.Text.Json;
using LlmOps.Benchmarking.Comparison;
using LlmOps.Benchmarking.Metrics;
using LlmOps.Benchmarking.Sweeps;

namespace LlmOps.Benchmarking;

/// <summary>Writes what belongs to measuring as JSON: camelCase, enums as words, times in seconds, sizes in bytes, null where nothing is known.</summary>
public static class BenchmarkingJson
{
    /// <summary>A server's figures.</summary>
    public static string Write(ServerMetric metric) => JsonSerializer.Serialize(metric, BenchmarkingJsonContext.Default.ServerMetric);

    /// <summary>A server's figures on one line, for programs that read line after line.</summary>
    public static string WriteLine(ServerMetric metric) => JsonSerializer.Serialize(metric, BenchmarkingJsonContext.Compact.ServerMetric);

    /// <summary>Differences from a baseline.</summary>
    public static string Write(IReadOnlyList<ThroughputDifference> differences) => JsonSerializer.Serialize([.. differences], BenchmarkingJsonContext.Default.ThroughputDifferenceArray);

    /// <summary>What figures mean.</summary>
    public static string Write(IReadOnlyList<FigureDefinition> definitions) => JsonSerializer.Serialize([.. definitions], BenchmarkingJsonContext.Default.FigureDefinitionArray);

    /// <summary>A sweep, best first.</summary>
    public static string Write(IReadOnlyList<SweepPoint> points) => JsonSerializer.Serialize([.. points], BenchmarkingJsonContext.Default.SweepPointArray);
}
