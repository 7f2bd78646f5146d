using LlmOps.Hardware.Pci;
using LlmOps.Native.Nvml;

namespace LlmOps.Hardware.Nvidia;

/// <summary>A GPU as NVML knows it together with what was read of it.</summary>
internal sealed record NvmlPeer(NvmlDevice Device, GpuDevice Gpu);

/// <summary>Tells how each pair of NVIDIA GPUs is connected.</summary>
internal static class NvmlLinkReader
{
    public static IReadOnlyList<GpuLink> Read(IReadOnlyList<NvmlPeer> peers, ProbeContext context)
    {
        if (peers.Count < 2)
        {
            return [];
        }

        NvLinkPorts[] ports = [.. peers.Select(peer => NvLinkPorts.Read(peer.Device))];
        List<GpuLink> links = [];
        foreach (GpuLink fallback in PciLinks.Between([.. peers.Select(peer => peer.Gpu)], context))
        {
            int a = IndexOf(peers, fallback.A);
            int b = IndexOf(peers, fallback.B);
            int nvlinks = ports[a].CountTo(ports[b], PciAddress.Parse(peers[b].Gpu.PciBusId));
            uint? status = peers[a].Device.PeerStatus(peers[b].Device).OrNull;
            links.Add(fallback with
            {
                Kind = nvlinks > 0 ? GpuLinkKind.NVLink : Kind(peers[a].Device.CommonAncestor(peers[b].Device).OrNull) ?? fallback.Kind,
                Nvlinks = nvlinks,
                BytesPerSecond = nvlinks > 0 ? nvlinks * ports[a].BytesPerSecondEach : fallback.BytesPerSecond,
                NvlinkVersion = nvlinks > 0 ? ports[a].Version : null,
                PeerAccess = status is { } answer ? answer == 0 : null,
                PeerStatus = PeerStatusName(status),
                PeerAtomics = peers[a].Device.PeerAtomics(peers[b].Device).OrNull is { } atomics ? atomics == 0 : null,
            });
        }

        return links;
    }

    /// <summary>Names an nvmlGpuP2PStatus_t number in the words of <c>nvidia-smi topo -p2p</c>.</summary>
    private static string? PeerStatusName(uint? status) => status switch
    {
        null => null,
        0 => "ok",
        1 => "chipset not supported",
        2 => "GPU not supported",
        3 => "topology not supported",
        4 => "disabled by registry key",
        5 => "not supported",
        _ => "unknown",
    };

    private static int IndexOf(IReadOnlyList<NvmlPeer> peers, int index)
    {
        int position = 0;
        while (peers[position].Gpu.Index != index)
        {
            position++;
        }

        return position;
    }

    /// <summary>Names an nvmlGpuTopologyLevel_t number as nvidia-smi does. Two chips on one board (0) share a switch.</summary>
    private static GpuLinkKind? Kind(uint? level) => level switch
    {
        0 or 10 => GpuLinkKind.PIX,
        20 => GpuLinkKind.PXB,
        30 => GpuLinkKind.PHB,
        40 => GpuLinkKind.NODE,
        50 => GpuLinkKind.SYS,
        _ => null,
    };
}
