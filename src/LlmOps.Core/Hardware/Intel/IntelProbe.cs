using LlmOps.Hardware.Pci;

namespace LlmOps.Hardware.Intel;

/// <summary>Reads Intel GPUs from what the xe and i915 drivers show in /sys.</summary>
internal sealed class IntelProbe : IGpuProbe
{
    private const string SourceName = "intel";
    private const string VendorId = "0x8086";

    public ProbeResult Probe(ProbeContext context, CancellationToken cancellationToken)
    {
        IReadOnlyList<DrmCard> cards = DrmCard.List(context.Files, VendorId);
        return cards.Count > 0 ? Read(cards, context, cancellationToken) : new ProbeResult
        {
            Source = SourceName,
            Notes = context.IsAskedFor ? ["/sys/class/drm has no Intel card; neither xe nor i915 may be loaded."] : [],
        };
    }

    private static ProbeResult Read(IReadOnlyList<DrmCard> cards, ProbeContext context, CancellationToken cancellationToken)
    {
        List<GpuDevice> gpus = [];
        foreach (DrmCard card in cards)
        {
            cancellationToken.ThrowIfCancellationRequested();
            gpus.Add(Read(context, card) with { Index = gpus.Count });
        }

        return new ProbeResult { Source = SourceName, IsUsable = true, Gpus = gpus, Links = PciLinks.Between(gpus, context) };
    }

    private static GpuDevice Read(ProbeContext context, DrmCard card)
    {
        SystemFiles files = context.Files;
        long own = OwnMemory(files, card);
        HardwareMonitor monitor = HardwareMonitor.Find(files, card.DeviceFolder);
        PciTree tree = new(files);
        return new GpuDevice
        {
            PciBusId = card.Address.ToString(),
            Vendor = GpuVendor.Intel,
            Name = PciNames.Find(files, "8086", card.DeviceId) ?? $"Intel GPU {card.DeviceId}",
            Architecture = card.Driver,
            MemoryTotalBytes = own > 0 ? own : context.Host.Memory.TotalBytes ?? 0,
            MemoryFreeBytes = own > 0 ? files.ReadNumber(card.Folder + "/lmem_avail_bytes") : context.Host.Memory.AvailableBytes,
            SharedMemory = own == 0,
            IsIntegrated = own == 0,
            Pcie = own > 0 ? tree.Link(card.Address) : null,
            NumaNode = tree.NumaNode(card.Address),
            DisplayActive = card.DisplayActive(files),
            TemperatureCelsius = monitor.TemperatureCelsius,
            PowerWatts = monitor.PowerWatts,
            PowerLimitWatts = monitor.PowerLimitWatts,
        };
    }

    /// <summary>Memory on the card: xe counts it for each tile, i915 for the card; 0 means an integrated GPU.</summary>
    private static long OwnMemory(SystemFiles files, DrmCard card)
    {
        long tiles = files.ListNumbered(card.DeviceFolder, "tile").Sum(tile => files.ReadNumber($"{card.DeviceFolder}/{tile.Name}/physical_vram_size_bytes") ?? 0);
        return tiles > 0 ? tiles : files.ReadNumber(card.Folder + "/lmem_total_bytes") ?? 0;
    }
}
