using System.Text.Json.Serialization;
using LlmOps.Benchmarking;
using LlmOps.Benchmarking.Comparison;
using LlmOps.Benchmarking.Metrics;
using LlmOps.Benchmarking.Sweeps;
using LlmOps.Diagnostics;
using LlmOps.Engines;
using LlmOps.Engines.Install;
using LlmOps.Hardware;
using LlmOps.Models;
using LlmOps.Models.Templates;
using LlmOps.Planning;
using LlmOps.Servers;

namespace LlmOps.Binding;

/// <summary>A topology and the machine that captured it; null when it was read from a file.</summary>
internal sealed record TopologySnapshot(GpuTopology Topology, string? CapturedOn);

/// <summary>A GPU and the topology it came out of.</summary>
internal sealed record GpuSnapshot(GpuDevice Gpu, TopologySnapshot? Topology);

/// <summary>A configuration, and its decisions, of which a file keeps only what people read beside the values.</summary>
internal sealed record ConfigSnapshot(string Yaml, IReadOnlyList<Decision> Decisions);

/// <summary>Both sides run the same module, so this JSON is no contract: it follows the types.</summary>
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = true)]
[JsonSerializable(typeof(TopologySnapshot))]
[JsonSerializable(typeof(GpuSnapshot))]
[JsonSerializable(typeof(ConfigSnapshot))]
[JsonSerializable(typeof(ModelDescription))]
[JsonSerializable(typeof(EngineCapabilities))]
[JsonSerializable(typeof(LlmServer))]
[JsonSerializable(typeof(CheckResult))]
[JsonSerializable(typeof(FaultFinding))]
[JsonSerializable(typeof(ThroughputResult))]
[JsonSerializable(typeof(ThroughputDifference))]
[JsonSerializable(typeof(SweepPoint))]
[JsonSerializable(typeof(ServerMetric))]
[JsonSerializable(typeof(ChatTemplateText))]
[JsonSerializable(typeof(TemplateVariant))]
[JsonSerializable(typeof(ChatTemplateFinding))]
[JsonSerializable(typeof(EngineInstall))]
internal sealed partial class RevivalJson : JsonSerializerContext;
