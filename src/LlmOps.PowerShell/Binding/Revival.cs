using System.Management.Automation;
using System.Text.Json;
using LlmOps.Benchmarking;
using LlmOps.Benchmarking.Comparison;
using LlmOps.Benchmarking.Metrics;
using LlmOps.Benchmarking.Sweeps;
using LlmOps.Configuration;
using LlmOps.Diagnostics;
using LlmOps.Engines;
using LlmOps.Engines.Install;
using LlmOps.Hardware;
using LlmOps.Models;
using LlmOps.Models.Templates;
using LlmOps.Servers;

namespace LlmOps.Binding;

/// <summary>Carries objects through PowerShell's serialisation (jobs, remote sessions), which by itself keeps only their outermost values.</summary>
/// <remarks>
/// The module's type data gives each type of <see cref="Types"/> a hidden property with the text made here; PowerShell serialises it
/// like any other, and <see cref="RevivingConverter"/> makes a live object of it on the other side.
/// </remarks>
public static class Revival
{
    /// <summary>The hidden property that holds the text.</summary>
    public const string PropertyName = "LlmOpsObject";

    /// <summary>The types whose objects come back to life.</summary>
    public static IReadOnlyList<Type> Types { get; } = new[]
    {
        typeof(GpuTopology), typeof(GpuDevice), typeof(ModelDescription), typeof(EngineCapabilities), typeof(ServerConfig), typeof(LlmServer),
        typeof(CheckResult), typeof(FaultFinding), typeof(ThroughputResult), typeof(ThroughputDifference), typeof(SweepPoint), typeof(ServerMetric),
        typeof(ChatTemplateText), typeof(TemplateVariant), typeof(ChatTemplateFinding), typeof(EngineInstall),
    };

    /// <summary>The whole object as text.</summary>
    public static string? TextOf(PSObject item) => item?.BaseObject switch
    {
        null => null,
        GpuTopology topology => JsonSerializer.Serialize(Snapshot(topology), RevivalJson.Default.TopologySnapshot),
        GpuDevice gpu => JsonSerializer.Serialize(
            new GpuSnapshot(gpu, TopologyOrigin.Of(gpu) is GpuTopology topology ? Snapshot(topology) : null), RevivalJson.Default.GpuSnapshot),
        ServerConfig config => JsonSerializer.Serialize(new ConfigSnapshot(ServerConfigFile.ToYaml(config), config.Decisions), RevivalJson.Default.ConfigSnapshot),
        object other => JsonSerializer.Serialize(other, other.GetType(), RevivalJson.Default),
    };

    /// <summary>The object that <paramref name="text"/> was made of.</summary>
    internal static object Revive(string text, Type type) => IndexableLists.In(
        type == typeof(GpuTopology) ? Revive(JsonSerializer.Deserialize(text, RevivalJson.Default.TopologySnapshot)!)
        : type == typeof(GpuDevice) ? Revive(JsonSerializer.Deserialize(text, RevivalJson.Default.GpuSnapshot)!)
        : type == typeof(ServerConfig) ? Revive(JsonSerializer.Deserialize(text, RevivalJson.Default.ConfigSnapshot)!)
        : JsonSerializer.Deserialize(text, type, RevivalJson.Default))!;

    private static ServerConfig Revive(ConfigSnapshot snapshot) =>
        ServerConfigFile.Parse(snapshot.Yaml, "the configuration from the other session") with { Decisions = snapshot.Decisions };

    private static GpuDevice Revive(GpuSnapshot snapshot)
    {
        if (snapshot.Topology is not null)
        {
            TopologyOrigin.Remember(Revive(snapshot.Topology), snapshot.Gpu);
        }

        return snapshot.Gpu;
    }

    private static TopologySnapshot Snapshot(GpuTopology topology) =>
        new(topology, TopologyOrigin.IsThisMachine(topology) ? Environment.MachineName : null);

    private static GpuTopology Revive(TopologySnapshot snapshot)
    {
        // A job runs on this machine, a remote session on another one: only the former's topology is this machine's.
        if (snapshot.CapturedOn == Environment.MachineName)
        {
            TopologyOrigin.MarkThisMachine(snapshot.Topology);
        }

        return TopologyOrigin.Remember(snapshot.Topology, snapshot.Topology);
    }
}
