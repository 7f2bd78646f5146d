using System.Text.Json;
using System.Text.Json.Serialization;
using LlmOps.Benchmarking.Comparison;
using LlmOps.Benchmarking.Metrics;
using LlmOps.Benchmarking.Sweeps;

namespace LlmOps.Benchmarking;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, WriteIndented = true, NewLine = "\n")]
[JsonSerializable(typeof(ThroughputResult[]))]
[JsonSerializable(typeof(SelfCheck.SelfCheckResult[]))]
[JsonSerializable(typeof(ServerMetric))]
[JsonSerializable(typeof(ThroughputDifference[]))]
[JsonSerializable(typeof(SweepPoint[]))]
[JsonSerializable(typeof(FigureDefinition[]))]
internal sealed partial class BenchmarkingJsonContext : JsonSerializerContext
{
    private static BenchmarkingJsonContext? s_compact;

    /// <summary>The same on one line. Made on demand, because the generated half's static fields may be set after this half's.</summary>
    public static BenchmarkingJsonContext Compact => s_compact ??= new BenchmarkingJsonContext(new JsonSerializerOptions(Default.GeneratedSerializerOptions!) { WriteIndented = false });
}
