using System.Text.Json.Serialization;
using LlmOps.Benchmarking;
using LlmOps.Hardware;

namespace LlmOps.Binding;

/// <summary>A topology and the machine that captured it; null when it was read from a file.</summary>
internal sealed record TopologySnapshot(GpuTopology Topology, string? CapturedOn);

/// <summary>A GPU and the topology it came out of.</summary>
internal sealed record GpuSnapshot(GpuDevice Gpu, TopologySnapshot? Topology);

/// <summary>Both sides run the same module, so this JSON is no contract: it follows the types.</summary>
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = true)]
[JsonSerializable(typeof(TopologySnapshot))]
[JsonSerializable(typeof(GpuSnapshot))]
[JsonSerializable(typeof(ThroughputResult))]
internal sealed partial class RevivalJson : JsonSerializerContext;
