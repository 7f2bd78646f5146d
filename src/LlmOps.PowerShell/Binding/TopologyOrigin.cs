using System.Runtime.CompilerServices;
using LlmOps.Hardware;

namespace LlmOps.Binding;

/// <summary>Remembers which machine a topology is of, and which topology a GPU on its way through a pipeline came out of.</summary>
/// <remarks>The objects themselves must not say: the same facts read from a file describe some machine, not this one.</remarks>
internal static class TopologyOrigin
{
    private static readonly ConditionalWeakTable<GpuTopology, object> OfThisMachine = [];
    private static readonly ConditionalWeakTable<GpuDevice, GpuTopology> Topologies = [];

    /// <summary>Whether the topology was captured on this machine by this process.</summary>
    public static bool IsThisMachine(GpuTopology topology) => OfThisMachine.TryGetValue(topology, out _);

    /// <summary>Marks a topology as captured here.</summary>
    public static GpuTopology MarkThisMachine(GpuTopology topology)
    {
        OfThisMachine.AddOrUpdate(topology, true);
        return topology;
    }

    /// <summary>Gives a topology derived from another one the other's origin, and links its GPUs to it.</summary>
    public static GpuTopology Remember(GpuTopology derived, GpuTopology from)
    {
        if (IsThisMachine(from))
        {
            MarkThisMachine(derived);
        }

        foreach (GpuDevice gpu in derived.Gpus)
        {
            Remember(derived, gpu);
        }

        return derived;
    }

    /// <summary>Links a GPU to the topology that it came out of.</summary>
    public static void Remember(GpuTopology topology, GpuDevice gpu) => Topologies.AddOrUpdate(gpu, topology);

    /// <summary>The topology that a GPU came out of; null when it came from elsewhere (a job, a script).</summary>
    public static GpuTopology? Of(GpuDevice gpu) => Topologies.TryGetValue(gpu, out GpuTopology? topology) ? topology : null;

    /// <summary>A topology with just these GPUs and the links among them.</summary>
    public static GpuTopology Narrow(GpuTopology topology, IReadOnlyList<GpuDevice> gpus)
    {
        HashSet<int> kept = [.. gpus.Select(gpu => gpu.Index)];
        return Remember(
            topology with { Gpus = gpus, Links = [.. topology.Links.Where(link => kept.Contains(link.A) && kept.Contains(link.B))] },
            topology);
    }
}
