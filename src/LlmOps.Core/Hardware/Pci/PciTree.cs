namespace LlmOps.Hardware.Pci;

/// <summary>Where devices hang on the PCIe tree, read from the links in /sys/bus/pci/devices.</summary>
internal sealed class PciTree(SystemFiles files)
{
    /// <summary>The NUMA node of a device; null when the kernel does not know (it then writes -1).</summary>
    public int? NumaNode(PciAddress address) =>
        files.ReadNumber($"/sys/bus/pci/devices/{address.SysfsName}/numa_node") is { } node and >= 0 ? (int)node : null;

    /// <summary>The link that the device's own function reports.</summary>
    /// <returns>Null when nothing is known of it.</returns>
    public PcieLink? Link(PciAddress address)
    {
        string folder = $"/sys/bus/pci/devices/{address.SysfsName}/";
        PcieLink link = new()
        {
            Generation = PcieSpeed.Generation(files.ReadValue(folder + "current_link_speed")),
            Width = PcieSpeed.Width(files.ReadValue(folder + "current_link_width")),
            MaxGeneration = PcieSpeed.Generation(files.ReadValue(folder + "max_link_speed")),
            MaxWidth = PcieSpeed.Width(files.ReadValue(folder + "max_link_width")),
        };
        return link == new PcieLink() ? null : link;
    }

    /// <summary>The path between two devices, named as nvidia-smi does.</summary>
    /// <param name="a">The one.</param>
    /// <param name="b">The other.</param>
    /// <param name="numaNodes">How many NUMA nodes the host has.</param>
    public GpuLinkKind Between(PciAddress a, PciAddress b, int numaNodes) =>
        (Path(a), Path(b)) is ({ } pathA, { } pathB)
            ? Classify(pathA, pathB, numaNodes <= 1 || (NumaNode(a) is { } node && node == NumaNode(b)))
            : GpuLinkKind.Unknown;

    /// <summary>Compares two paths from the host bridge down to the device.</summary>
    /// <remarks>The names are those that <c>nvidia-smi topo -m</c> explains in its legend.</remarks>
    internal static GpuLinkKind Classify(IReadOnlyList<string> a, IReadOnlyList<string> b, bool sameNumaNode)
    {
        int shared = 0;
        while (shared < a.Count && shared < b.Count && a[shared] == b[shared])
        {
            shared++;
        }

        // A switch is an upstream port with a downstream port for each device: one bridge on each side is still a single switch.
        return shared switch
        {
            0 => sameNumaNode ? GpuLinkKind.NODE : GpuLinkKind.SYS,
            1 => GpuLinkKind.PHB,
            _ => a.Count - shared <= 2 && b.Count - shared <= 2 ? GpuLinkKind.PIX : GpuLinkKind.PXB,
        };
    }

    private string[]? Path(PciAddress address)
    {
        string[] parts = files.ResolveLink($"/sys/bus/pci/devices/{address.SysfsName}")?.Split('/', '\\') ?? [];
        int hostBridge = Array.FindIndex(parts, part => part.StartsWith("pci", StringComparison.Ordinal) && part.Contains(':', StringComparison.Ordinal));
        return hostBridge < 0 ? null : parts[hostBridge..];
    }
}
