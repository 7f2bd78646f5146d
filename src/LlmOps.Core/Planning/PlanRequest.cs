using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Hardware;
using LlmOps.Models;
using LlmOps.Servers;

namespace LlmOps.Planning;

/// <summary>What to plan for. Null leaves a choice to the planner; what is set here or pinned is never changed.</summary>
public sealed record PlanRequest
{
    /// <summary>The model.</summary>
    public required ModelDescription Model { get; init; }

    /// <summary>The machine; only its GPUs are considered.</summary>
    public required GpuTopology Topology { get; init; }

    /// <summary>Further machines that serve the model together with that one.</summary>
    public IReadOnlyList<GpuTopology> OtherHosts { get; init; } = [];

    /// <summary>Where the machines reach each other, in their order, the first machine's first; empty for the names in their topologies.</summary>
    public IReadOnlyList<string> Addresses { get; init; } = [];

    /// <summary>How several machines work together, one of <see cref="ClusterForms"/>; null or <c>auto</c> for what the engine does by itself.</summary>
    public string? Cluster { get; init; }

    /// <summary>TCP port at which the machines meet; null for the usual one.</summary>
    public int? ClusterPort { get; init; }

    /// <summary>The engine by name; null or <c>auto</c> takes the one that runs such models.</summary>
    public string? EngineName { get; init; }

    /// <summary>The engine's version to plan for where none is at hand, or another one than is: <c>0.21.0</c>. For vLLM, whose flags are known by version.</summary>
    public string? EngineVersion { get; init; }

    /// <summary>What starts vLLM: <c>vllm</c>, or a plugin's launcher that takes its place; null or <c>auto</c> takes an installed plugin's where it fits the cards.</summary>
    public string? Launcher { get; init; }

    /// <summary>The binary that will run; null plans for the newest known version with support for the machine's GPUs.</summary>
    public EngineCapabilities? Engine { get; init; }

    /// <summary>What earlier starts of this model with this engine allocated on this machine (<see cref="MeasuredLoads.Of"/>), newest first.</summary>
    public IReadOnlyList<MeasuredLoad> Experience { get; init; } = [];

    /// <summary>How much headroom against how much speed.</summary>
    public PlanMode Mode { get; init; }

    /// <summary>Server name; null derives it from the model.</summary>
    public string? Name { get; init; }

    /// <summary>The name that clients use for the model; null derives it from the model.</summary>
    public string? Alias { get; init; }

    /// <summary>Tokens of context over all slots.</summary>
    public long? ContextLength { get; init; }

    /// <summary>Slots.</summary>
    public int? Parallel { get; init; }

    /// <summary>Type of keys and values in the KV cache.</summary>
    public string? KvCacheType { get; init; }

    /// <summary>Address to listen on.</summary>
    public string? HostName { get; init; }

    /// <summary>TCP port.</summary>
    public int? Port { get; init; }

    /// <summary>A file with the API key.</summary>
    public string? ApiKeyFile { get; init; }

    /// <summary>A file with the chat template.</summary>
    public string? ChatTemplateFile { get; init; }

    /// <summary>Options fixed by the engine's own long flag names: <c>ctx-size</c> → <c>4096</c>.</summary>
    public IReadOnlyDictionary<string, string> Pins { get; init; } = new Dictionary<string, string>();

    /// <summary>Arguments passed on as they are.</summary>
    public IReadOnlyList<string> ExtraArguments { get; init; } = [];

    /// <summary>How the engine will run, one of <see cref="RuntimeNames"/>; null leaves the choice to the planner.</summary>
    public string? Runtime { get; init; }

    /// <summary>The container image; null for llama.cpp's own one that fits the devices.</summary>
    public string? Image { get; init; }

    /// <summary>When the server is started again after it ended by itself.</summary>
    public RestartMode Restart { get; init; } = RestartMode.OnFailure;

    /// <summary>Whether the plan is for the machine that this runs on, so that free ports can be looked up.</summary>
    public bool IsThisMachine { get; init; }
}

/// <summary>How much headroom against how much speed.</summary>
public enum PlanMode
{
    /// <summary>A balance that fits most uses: 3 % of a GPU stays free, 512 MiB at most.</summary>
    Auto,

    /// <summary>Twice the headroom, two slots at most, and nothing guesses ahead: for servers that must not fail.</summary>
    Stable,

    /// <summary>Half the headroom, and three tokens guessed ahead instead of two where the model can.</summary>
    Fast,
}
