namespace LlmOps.Hardware.Amd;

/// <summary>Finds GPUs that are joined by XGMI in what the ROCm kernel driver shows of links between its nodes.</summary>
internal static class KfdLinks
{
    // CRAT_IOLINK_TYPE_XGMI in the kernel's drivers/gpu/drm/amd/amdkfd/kfd_crat.h.
    private const long Xgmi = 11;

    /// <summary>The links with those that run over XGMI marked as such.</summary>
    /// <param name="links">One link for each pair.</param>
    /// <param name="gpus">The GPUs.</param>
    /// <param name="nodes">The driver's nodes.</param>
    /// <param name="files">The machine's files.</param>
    public static IReadOnlyList<GpuLink> Mark(IReadOnlyList<GpuLink> links, IReadOnlyList<GpuDevice> gpus, IReadOnlyList<KfdNode> nodes, SystemFiles files)
    {
        if (links.Count == 0)
        {
            return links;
        }

        GpuLink[] marked = [.. links];
        foreach (KfdNode node in nodes)
        {
            if (node.Architecture is null || IndexOf(gpus, node) is not { } from)
            {
                continue;
            }

            string folder = $"{KfdNode.Folder}/{node.Number}/io_links";
            foreach ((string name, int _) in files.ListNumbered(folder, string.Empty))
            {
                Dictionary<string, long> link = KfdNode.ReadValues(files.ReadText($"{folder}/{name}/properties") ?? string.Empty);
                if (link.GetValueOrDefault("type") == Xgmi
                    && nodes.FirstOrDefault(other => other.Number == link.GetValueOrDefault("node_to", -1)) is { } peer
                    && IndexOf(gpus, peer) is { } to && from < to)
                {
                    int position = Array.FindIndex(marked, pair => pair.A == from && pair.B == to);
                    marked[position] = marked[position] with
                    {
                        Kind = GpuLinkKind.XGMI,
                        PeerAccess = true,

                        // MB a second in one direction; old kernels write 0.
                        BytesPerSecond = link.GetValueOrDefault("max_bandwidth") is var rate and > 0 ? rate * 1_000_000 : null,
                    };
                }
            }
        }

        return marked;
    }

    private static int? IndexOf(IReadOnlyList<GpuDevice> gpus, KfdNode node)
    {
        string address = node.Address.ToString();
        return gpus.FirstOrDefault(gpu => gpu.PciBusId == address)?.Index;
    }
}
