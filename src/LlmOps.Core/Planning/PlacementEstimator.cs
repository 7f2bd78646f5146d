using LlmOps.Hardware;
using LlmOps.Models;

namespace LlmOps.Planning;

/// <summary>The bytes of a placement with everything that is loaded beside the model, and what is missing.</summary>
/// <param name="model">The model.</param>
/// <param name="bound">The model with tensors that are placed by name already moved, for what is asked before single tensors are looked at.</param>
/// <param name="host">The machine.</param>
/// <param name="companions">What is loaded beside the model.</param>
/// <param name="mode">Decides how much main memory stays free.</param>
internal sealed class PlacementEstimator(ModelDescription model, ModelDescription bound, HostInfo host, Companions companions, PlanMode mode)
{
    // A page cache and everything else on the machine need room too.
    private long HostHeadroom { get; } = mode == PlanMode.Stable ? 2 * Bytes.GiB : Bytes.GiB;

    /// <summary>The model whose layers say what a placement needs at least.</summary>
    public ModelDescription Model => bound;

    /// <summary>The bytes of <paramref name="placement"/>.</summary>
    public MemoryPlan Estimate(Placement placement) => MemoryModel.Estimate(model, companions.AddTo(placement), host);

    /// <summary>Main memory in bytes that a placement may use; null when it is not known how much there is.</summary>
    public long? HostRoom => host.Memory.AvailableBytes - HostHeadroom;

    /// <summary>Each place that has too little memory and how many bytes it lacks, the worst first.</summary>
    public IReadOnlyList<(string Where, long Missing)> Shortages(MemoryPlan memory, IReadOnlyList<PlanDevice> devices)
    {
        List<(string Where, long Missing)> shortages = [];
        long shared = 0;
        for (int at = 0; at < memory.Devices.Count; at++)
        {
            DeviceMemory device = memory.Devices[at];
            if (device.FreeAfterBytes < 0)
            {
                shortages.Add((device.Name, -device.FreeAfterBytes));
            }

            // What an integrated GPU uses is main memory too.
            shared += devices[at].Gpu.SharedMemory ? device.UsedBytes : 0;
        }

        if (HostRoom - memory.Host.UsedBytes - shared is { } left && left < 0 && memory.Host.UsedBytes + shared > 0)
        {
            shortages.Add(("main memory", -left));
        }

        return [.. shortages.OrderByDescending(shortage => shortage.Missing)];
    }

    /// <summary>The place that lacks most and how many bytes; null when everything fits.</summary>
    public (string Where, long Missing)? Shortage(MemoryPlan memory, IReadOnlyList<PlanDevice> devices) =>
        Shortages(memory, devices) is [var worst, ..] ? worst : null;
}
