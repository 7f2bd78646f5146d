using System.Text.Json.Serialization;

namespace LlmOps.Benchmarking;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, WriteIndented = true, NewLine = "\n")]
[JsonSerializable(typeof(ThroughputResult[]))]
[JsonSerializable(typeof(SelfCheck.SelfCheckResult[]))]
internal sealed partial class BenchmarkingJsonContext : JsonSerializerContext;
