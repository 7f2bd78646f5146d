using System.Text.Json.Serialization;
using LlmOps.Engines;

namespace LlmOps.Serialization;

/// <summary>JSON of the engines' facts, generated at build time so that nothing is reflected over at start.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    WriteIndented = true)]
[JsonSerializable(typeof(EngineCapabilities))]
[JsonSerializable(typeof(IReadOnlyList<EngineCapabilities>))]
internal sealed partial class CoreJson : JsonSerializerContext;
