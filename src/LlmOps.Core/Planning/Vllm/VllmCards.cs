using LlmOps.Hardware;

namespace LlmOps.Planning.Vllm;

/// <summary>Which cards of a machine serve a model together.</summary>
/// <remarks>
/// Ranks wait for the slowest and hold as much as the smallest: cards of one kind belong together. Where those are too few, vLLM runs on unlike ones too,
/// at the pace and with the memory of the weakest.
/// </remarks>
internal static class VllmCards
{
    // Cards whose memory differs by less hold the same.
    private const long SizeStep = 2 * Bytes.GiB;

    /// <summary>The cards of the kind that has most free memory together; of two that have as much, the newer.</summary>
    public static IReadOnlyList<GpuDevice> Alike(GpuTopology topology) =>
        Usable(topology).GroupBy(gpu => (gpu.Name, gpu.MemoryTotalBytes / SizeStep))
            .OrderByDescending(alike => alike.Sum(Free) / SizeStep)
            .ThenByDescending(alike => alike.Min(VllmFacts.CapabilityOf))
            .ThenByDescending(alike => alike.Sum(Free))
            .FirstOrDefault()?.OrderBy(gpu => gpu.Index).ToArray() ?? [];

    /// <summary>Sets of unlike cards of one maker, the largest cards first: two, three, and on. Cards that vLLM's builds have no kernels for are left out.</summary>
    public static IEnumerable<IReadOnlyList<GpuDevice>> Unlike(GpuTopology topology)
    {
        GpuDevice[] cards = [.. Usable(topology).Where(gpu => gpu.Vendor == GpuVendor.Nvidia && VllmFacts.CapabilityOf(gpu) >= 7.5).OrderByDescending(Free).ThenBy(gpu => gpu.Index)];
        return Enumerable.Range(2, Math.Max(0, cards.Length - 1))
            .Select(count => cards[..count])
            .Where(set => set.Select(gpu => gpu.Name).Distinct(StringComparer.Ordinal).Skip(1).Any())
            .Select(set => (IReadOnlyList<GpuDevice>)[.. set.OrderBy(gpu => gpu.Index)]);
    }

    /// <summary>The cards for people: <c>2 × NVIDIA GeForce RTX 3090</c>, or several kinds.</summary>
    public static string Describe(IEnumerable<GpuDevice> cards) =>
        string.Join(" and ", cards.GroupBy(gpu => gpu.Name, StringComparer.Ordinal).Select(alike => $"{alike.Count()} × {alike.Key}"));

    private static IEnumerable<GpuDevice> Usable(GpuTopology topology) => topology.Gpus.Where(gpu => gpu.MemoryTotalBytes > 0 && gpu.Vendor is GpuVendor.Nvidia or GpuVendor.Amd);

    private static long Free(GpuDevice gpu) => gpu.MemoryFreeBytes ?? gpu.MemoryTotalBytes;
}
