using System.Text.Json.Serialization;

namespace LlmOps.Benchmarking;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, WriteIndented = true, NewLine = "\n")]
[JsonSerializable(typeof(ThroughputResult[]))]
internal sealed partial class BenchmarkingJsonContext : JsonSerializerContext;
