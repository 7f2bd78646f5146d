namespace LlmOps.Configuration;

/// <summary>How a model is served by several machines: who takes part and how they find each other. The configuration itself is the first host's.</summary>
public sealed record ClusterSettings
{
    /// <summary>How the hosts work together: one of <see cref="ClusterForms"/>.</summary>
    public required string Form { get; init; }

    /// <summary>TCP port at which they meet: the first host's for vLLM and Ray, each rpc-server's for llama.cpp.</summary>
    public required int Port { get; init; }

    /// <summary>The hosts, the one that answers clients first.</summary>
    public IReadOnlyList<ClusterHost> Hosts { get; init; } = [];

    /// <summary>What the plan calls a device of a host: plain on the first host, <c>beta/CUDA0</c> on others.</summary>
    public string PlanName(ClusterHost host, string device) => Hosts.Count > 0 && Hosts[0] == host ? device : $"{host.Name}/{device}";
}

/// <summary>One machine of several.</summary>
public sealed record ClusterHost
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Where the others reach it; null where Kubernetes decides.</summary>
    public string? Address { get; init; }

    /// <summary>The GPUs it uses, by the names its own engine process gives them.</summary>
    public IReadOnlyList<ConfigDevice> Devices { get; init; } = [];

    /// <summary>Variables for the engine there.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();
}

/// <summary>How several machines work together.</summary>
public static class ClusterForms
{
    /// <summary>vLLM's own processes on each host (<c>--nnodes</c>).</summary>
    public const string Native = "native";

    /// <summary>vLLM on a Ray cluster.</summary>
    public const string Ray = "ray";

    /// <summary>vLLM in pods of a LeaderWorkerSet.</summary>
    public const string Kubernetes = "kubernetes";

    /// <summary>llama.cpp with an rpc-server on each further host.</summary>
    public const string Rpc = "rpc";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [Native, Ray, Kubernetes, Rpc];
}
