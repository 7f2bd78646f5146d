namespace LlmOps.Hardware.Pci;

/// <summary>Where devices hang on the PCIe tree, read from the links in /sys/bus/pci/devices.</summary>
internal sealed class PciTree(SystemFiles files)
{
    /// <summary>The NUMA node of a device; null when the kernel does not know (it then writes -1).</summary>
    public int? NumaNode(PciAddress address) =>
        files.ReadNumber($"/sys/bus/pci/devices/{address.SysfsName}/numa_node") is { } node and >= 0 ? (int)node : null;

    /// <summary>The link of a device and the ports above it.</summary>
    /// <param name="address">The device.</param>
    /// <param name="reported">What its driver said already, which wins over what the kernel shows.</param>
    /// <returns>Null when nothing is known of it.</returns>
    public PcieLink? Link(PciAddress address, PcieLink? reported = null)
    {
        string[]? path = Path(address);
        PciePort[]? ports = Ports(path);
        int slotAt = (ports?.Length ?? 0) - 1;
        while (slotAt >= 0 && IsOnCard(ports![slotAt].Address))
        {
            slotAt--;
        }

        PciePort? slot = slotAt < 0 ? null : ports![slotAt];

        // A card with a switch of its own meets the slot with that switch's upper port.
        PciePort card = ports is not null && slotAt + 1 < ports.Length ? ports[slotAt + 1] : Port(address.SysfsName);
        PcieLink link = new()
        {
            Generation = reported?.Generation ?? card.Generation,
            Width = reported?.Width ?? card.Width,
            MaxGeneration = reported?.MaxGeneration ?? Least(card.MaxGeneration, slot?.MaxGeneration),
            MaxWidth = reported?.MaxWidth ?? Least(card.MaxWidth, slot?.MaxWidth),
            CardGeneration = reported?.CardGeneration ?? card.MaxGeneration,
            CardWidth = card.MaxWidth,
            SlotGeneration = slot?.MaxGeneration,
            SlotWidth = slot?.MaxWidth,
            RootComplex = path?[0],
            Ports = ports,
        };
        return link == new PcieLink() ? null : Judge(link);
    }

    private static PcieLink Judge(PcieLink link)
    {
        int? offered = Least(link.CardWidth ?? link.MaxWidth, link.SlotWidth);
        int? cardWidth = link.CardWidth ?? link.MaxWidth;
        bool? isNarrow = link.SlotWidth < cardWidth;
        bool? isSlow = link.SlotGeneration < (link.CardGeneration ?? link.MaxGeneration);
        return link with
        {
            IsDowngraded = link.Width is { } width && offered is { } lanes ? width < lanes : null,
            IsLimitedBySlot = link.SlotWidth is null && link.SlotGeneration is null ? null : isNarrow == true || isSlow == true,
            BytesPerSecond = Bottleneck(link),
        };
    }

    /// <summary>The generation in use drops while a GPU idles and so cannot tell the speed; the lanes in use do not.</summary>
    private static long? Bottleneck(PcieLink link)
    {
        long? least = PcieSpeed.BytesPerSecond(link.MaxGeneration, link.Width ?? link.MaxWidth);
        foreach (PciePort port in link.Ports ?? [])
        {
            least = PcieSpeed.BytesPerSecond(port.MaxGeneration, port.Width ?? port.MaxWidth) is { } speed ? Math.Min(least ?? speed, speed) : least;
        }

        return least;
    }

    private PciePort[]? Ports(string[]? path)
    {
        if (path is null || path.Length < 3)
        {
            return null;
        }

        PciePort[] ports = new PciePort[path.Length - 2];
        for (int step = 0; step < ports.Length; step++)
        {
            ports[step] = Port(path[step + 1]);
        }

        return ports;
    }

    /// <summary>Whether a port belongs to a graphics card: AMD's (root ports of its processors are of vendor 1022) and Intel's (DG2, Battlemage).</summary>
    private bool IsOnCard(string port)
    {
        string folder = $"/sys/bus/pci/devices/{port}/";
        string device = files.ReadValue(folder + "device") ?? string.Empty;
        return files.ReadValue(folder + "vendor") switch
        {
            "0x1002" => true,
            "0x8086" => device.StartsWith("0x4fa", StringComparison.Ordinal) || device.StartsWith("0xe2f", StringComparison.Ordinal),
            _ => false,
        };
    }

    private PciePort Port(string address)
    {
        string folder = $"/sys/bus/pci/devices/{address}/";
        return new PciePort(
            address,
            PcieSpeed.Generation(files.ReadValue(folder + "current_link_speed")),
            PcieSpeed.Width(files.ReadValue(folder + "current_link_width")),
            PcieSpeed.Generation(files.ReadValue(folder + "max_link_speed")),
            PcieSpeed.Width(files.ReadValue(folder + "max_link_width")));
    }

    private static int? Least(int? a, int? b) => a is null ? b : b is null ? a : Math.Min(a.Value, b.Value);

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
