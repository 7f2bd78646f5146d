using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using LlmOps.Cli.Commands;
using LlmOps.Diagnostics;
using LlmOps.Diagnostics.Fixes;
using LlmOps.Engines;
using LlmOps.Engines.Install;
using LlmOps.Engines.Vllm;
using LlmOps.Models;
using LlmOps.Models.Templates;

namespace LlmOps.Cli.Output;

/// <summary>JSON of what the commands print, generated at build time. Absent values are written as null, so that a script finds every name.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    Converters =
    [
        typeof(EnumWord<CheckCategory>), typeof(EnumWord<CheckStatus>), typeof(EnumWord<FaultSeverity>), typeof(EnumWord<ModelFormat>),
        typeof(EnumWord<MultimodalKind>), typeof(EnumWord<TemplateRoleStatus>), typeof(EnumWord<PythonEnvironmentKind>),
        typeof(EnumWord<InstallSource>), typeof(EnumWord<EngineBackend>),
    ])]
[JsonSerializable(typeof(ModelDescription))]
[JsonSerializable(typeof(ChatTemplateText))]
[JsonSerializable(typeof(IReadOnlyList<ChatTemplateText>))]
[JsonSerializable(typeof(IReadOnlyList<ChatTemplateFinding>))]
[JsonSerializable(typeof(IReadOnlyList<EngineCapabilities>))]
[JsonSerializable(typeof(EngineInstall))]
[JsonSerializable(typeof(IReadOnlyList<EngineInstall>))]
[JsonSerializable(typeof(EngineInstallPlan))]
[JsonSerializable(typeof(LaunchCommand))]
[JsonSerializable(typeof(ExportedFile[]))]
[JsonSerializable(typeof(IReadOnlyList<CheckResult>))]
[JsonSerializable(typeof(IReadOnlyList<FaultFinding>))]
[JsonSerializable(typeof(IReadOnlyList<FixRecord>))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
internal sealed partial class CliJson : JsonSerializerContext
{
    private static CliJson? s_readable;

    /// <summary>The one to use: text in any language and quotes stay readable, as nobody puts this JSON into a web page.</summary>
    /// <remarks>Made on demand, because the generated half's static fields may be set after this half's.</remarks>
    public static CliJson Readable =>
        s_readable ??= new CliJson(new JsonSerializerOptions(Default.GeneratedSerializerOptions!) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}

/// <summary>An enum as a word: <c>ready</c>, as a topology writes <c>nvidia</c>.</summary>
internal sealed class EnumWord<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.CamelCase)
    where T : struct, Enum;
