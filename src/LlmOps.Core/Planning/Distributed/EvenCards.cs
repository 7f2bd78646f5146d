using LlmOps.Hardware;

namespace LlmOps.Planning.Distributed;

/// <summary>The cards that all machines have alike: ranks of vLLM run with one setting everywhere, and the smallest card decides it.</summary>
/// <param name="PerHost">The cards of each machine, all of one size.</param>
/// <param name="Common">How many each machine can give.</param>
internal sealed record EvenCards(IReadOnlyList<IReadOnlyList<GpuDevice>> PerHost, int Common)
{
    // Cards whose memory differs by less hold the same.
    private const long SizeStep = 2 * Bytes.GiB;

    /// <summary>The cards of <paramref name="members"/>.</summary>
    /// <exception cref="LlmOpsException">A machine has no card, or no kind of card is in all of them.</exception>
    public static EvenCards Of(IReadOnlyList<ClusterMember> members)
    {
        List<Dictionary<(GpuVendor Vendor, long Size), GpuDevice[]>> kinds = [.. members.Select(Kinds)];
        if (kinds.FindIndex(host => host.Count == 0) is var bare and >= 0)
        {
            throw new LlmOpsException($"vLLM needs a GPU of NVIDIA or AMD on every machine, and {members[bare].Name} shows none; leave that machine out", "NoGpuForEngine") { Kind = ErrorKind.Finding };
        }

        (GpuVendor Vendor, long Size)[] everywhere = [.. kinds[0].Keys.Where(kind => kinds.TrueForAll(host => host.ContainsKey(kind)))];
        if (everywhere.Length == 0)
        {
            string have = string.Join("; ", members.Select((member, at) => $"{member.Name} has {string.Join(" and ", kinds[at].Values.Select(cards => $"{cards.Length} × {cards[0].Name} of {Bytes.Format(cards[0].MemoryTotalBytes)}"))}"));
            throw new LlmOpsException($"the machines have no kind of card in common: {have}; vLLM runs one setting on all cards, and the smallest would decide it: leave a machine out, or use a GGUF with llama.cpp, which shares layers by memory", "HostsUneven") { Kind = ErrorKind.Finding };
        }

        (GpuVendor Vendor, long Size) chosen = everywhere.OrderByDescending(kind => kinds.Min(host => host[kind].Length) * kind.Size).First();
        IReadOnlyList<GpuDevice>[] cards = [.. kinds.Select(host => host[chosen])];
        return new EvenCards(cards, cards.Min(host => host.Count));
    }

    /// <summary>What each machine has beyond that, for people.</summary>
    public static string[] Left(IReadOnlyList<ClusterMember> members, int used) =>
        [.. members.Where(member => member.Topology.Gpus.Count > used).Select(member => $"{member.Topology.Gpus.Count - used} more of {member.Name}: each machine gives as many cards of one size as the others")];

    /// <summary>The <paramref name="count"/> cards of machine <paramref name="at"/> with most free memory, in its order.</summary>
    public IReadOnlyList<GpuDevice> Best(int at, int count) =>
        [.. PerHost[at].OrderByDescending(card => card.MemoryFreeBytes ?? card.MemoryTotalBytes).Take(count).OrderBy(card => card.Index)];

    /// <summary>The first machine as if each of its cards were as weak as the weakest anywhere: what fits there fits on all.</summary>
    public GpuTopology Weakest(IReadOnlyList<ClusterMember> members)
    {
        GpuDevice[] all = [.. PerHost.SelectMany((_, at) => Best(at, Common))];
        long total = all.Min(card => card.MemoryTotalBytes);
        long? free = all.Any(card => card.MemoryFreeBytes is not null) ? all.Min(card => card.MemoryFreeBytes ?? card.MemoryTotalBytes) : null;
        long? reserved = all.Max(card => card.MemoryReservedBytes);
        string? lowest = all.OrderBy(Vllm.VllmFacts.CapabilityOf).First().ComputeCapability;
        GpuTopology first = members[0].Topology;
        long? available = members.Min(member => member.Topology.Host.Memory.AvailableBytes);
        return first with
        {
            Host = first.Host with { Memory = first.Host.Memory with { AvailableBytes = available }, IsWsl = members.Any(member => member.Topology.Host.IsWsl) },
            Gpus = [.. Best(0, Common).Select(card => card with { Name = PerHost[0][0].Name, MemoryTotalBytes = total, MemoryFreeBytes = free, MemoryReservedBytes = reserved, ComputeCapability = lowest })],
        };
    }

    private static Dictionary<(GpuVendor Vendor, long Size), GpuDevice[]> Kinds(ClusterMember member) =>
        member.Topology.Gpus.Where(gpu => gpu.MemoryTotalBytes > 0 && gpu.Vendor is GpuVendor.Nvidia or GpuVendor.Amd)
            .GroupBy(gpu => (gpu.Vendor, (gpu.MemoryTotalBytes + (SizeStep / 2)) / SizeStep))
            .ToDictionary(same => same.Key, same => same.ToArray());
}
