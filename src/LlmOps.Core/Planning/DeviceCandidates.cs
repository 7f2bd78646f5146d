using System.Globalization;
using LlmOps.Engines;
using LlmOps.Hardware;
using LlmOps.Planning.Memory;

namespace LlmOps.Planning;

/// <summary>The GPUs that a plan may use, named as the engine will name them.</summary>
internal static class DeviceCandidates
{
    /// <summary>Candidates with the most free memory first; equal ones in topology order.</summary>
    /// <param name="topology">The machine.</param>
    /// <param name="engine">The binary; null stands for one that supports every GPU of the machine.</param>
    /// <param name="only">The engine's names to keep; null keeps all.</param>
    /// <param name="mode">Decides the headroom.</param>
    public static IReadOnlyList<PlanDevice> Of(GpuTopology topology, EngineCapabilities? engine, IReadOnlyList<string>? only, PlanMode mode)
    {
        List<PlanDevice> devices = [];
        Dictionary<string, int> counts = [];
        foreach (GpuDevice gpu in topology.Gpus)
        {
            string prefix = Prefix(gpu, engine);
            int number = counts.GetValueOrDefault(prefix);
            counts[prefix] = number + 1;
            string name = prefix + number.ToString(CultureInfo.InvariantCulture);
            bool offered = engine is null || engine.Devices.Any(device => device.Name == name);
            if (gpu.MemoryTotalBytes > 0 && offered && only?.Contains(name) != false)
            {
                devices.Add(new PlanDevice(name, gpu, Usable(gpu, mode), BackendOverhead.Of(name)));
            }
        }

        if (only?.FirstOrDefault(name => devices.All(device => device.Name != name)) is { } missing)
        {
            throw new LlmOpsException($"the pinned device {missing} is not on this machine or not offered by the engine; there are: {(counts.Count == 0 ? "none" : string.Join(", ", topology.Gpus.Select(gpu => gpu.Name)))}", "DeviceNotFound") { Kind = ErrorKind.NotFound };
        }

        // A GPU within the processor takes main memory and is slow: it helps only where there is no other, or where it was asked for.
        bool hasOwnMemory = only is null && devices.Any(device => !device.Gpu.SharedMemory);
        return [.. devices.Where(device => !hasOwnMemory || !device.Gpu.SharedMemory).OrderByDescending(device => device.FreeBytes)];
    }

    /// <summary>The GPUs of further machines, in their order. An rpc-server there offers them; each is one more device of the engine.</summary>
    /// <param name="members">All machines, the first one first.</param>
    /// <param name="mode">Decides the headroom.</param>
    public static IReadOnlyList<PlanDevice> Of(IReadOnlyList<Distributed.ClusterMember> members, PlanMode mode)
    {
        List<PlanDevice> devices = [];
        foreach (Distributed.ClusterMember member in members.Skip(1))
        {
            foreach (PlanDevice there in Of(member.Topology, null, null, mode).OrderBy(device => device.Gpu.Index))
            {
                devices.Add(there with { Host = member });
            }
        }

        return devices;
    }

    // The engine's own list tells which backend it was built with; without one, the vendor's own.
    private static string Prefix(GpuDevice gpu, EngineCapabilities? engine)
    {
        string natural = gpu.Vendor switch
        {
            GpuVendor.Nvidia => "CUDA",
            GpuVendor.Amd => "ROCm",
            _ => "Vulkan",
        };
        return engine is null || engine.Devices.Any(device => device.Name.StartsWith(natural, StringComparison.Ordinal)) ? natural
            : engine.Devices.Count > 0 ? engine.Devices[0].Name.TrimEnd("0123456789".ToCharArray())
            : natural;
    }

    // 3 % of the card, at most 512 MiB, stays free: allocators fragment and drivers move. 'stable' keeps twice that.
    private static long Usable(GpuDevice gpu, PlanMode mode)
    {
        long free = Math.Min(gpu.MemoryTotalBytes, gpu.MemoryFreeBytes ?? gpu.MemoryTotalBytes - (gpu.MemoryReservedBytes ?? 0));
        long headroom = Math.Min(512 * Bytes.MiB, gpu.MemoryTotalBytes * 3 / 100);
        return free - (mode switch { PlanMode.Stable => 2 * headroom, PlanMode.Fast => headroom / 2, _ => headroom });
    }
}
