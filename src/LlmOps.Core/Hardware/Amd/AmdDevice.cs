using LlmOps.Hardware.Pci;

namespace LlmOps.Hardware.Amd;

/// <summary>Reads one AMD GPU.</summary>
/// <remarks>Source of the file names: the kernel's Documentation/gpu/amdgpu/driver-misc.rst and thermal.rst.</remarks>
internal static class AmdDevice
{
    public static GpuDevice Read(SystemFiles files, DrmCard card, KfdNode? compute)
    {
        string device = card.DeviceFolder;
        HardwareMonitor monitor = HardwareMonitor.Find(files, device);
        long vram = files.ReadNumber(device + "/mem_info_vram_total") ?? 0;
        long? vramUsed = files.ReadNumber(device + "/mem_info_vram_used");
        bool isIntegrated = IsIntegrated(files, device, compute);

        // An integrated GPU computes in its carve-out and in the part of main memory that it may map (GTT).
        long shared = isIntegrated ? files.ReadNumber(device + "/mem_info_gtt_total") ?? 0 : 0;
        long sharedUsed = isIntegrated ? files.ReadNumber(device + "/mem_info_gtt_used") ?? 0 : 0;
        PciTree tree = new(files);
        return new GpuDevice
        {
            Uuid = files.ReadValue(device + "/unique_id") is { } id ? "GPU-" + id.Replace("0x", string.Empty, StringComparison.Ordinal) : null,
            PciBusId = card.Address.ToString(),
            Vendor = GpuVendor.Amd,
            Name = Name(files, card),
            Architecture = compute?.Architecture,
            MemoryTotalBytes = vram + shared,
            MemoryFreeBytes = vramUsed is { } used ? vram + shared - used - sharedUsed : null,
            SharedMemory = isIntegrated,
            IsIntegrated = isIntegrated,
            Cores = compute?.ComputeUnits,
            Pcie = tree.Link(card.Address),
            NumaNode = tree.NumaNode(card.Address),
            DisplayActive = card.DisplayActive(files),
            TemperatureCelsius = monitor.TemperatureCelsius,
            PowerWatts = monitor.PowerWatts,
            PowerLimitWatts = monitor.PowerLimitWatts,
            PowerRange = monitor.PowerRange,
            UtilizationPercent = (int?)files.ReadNumber(device + "/gpu_busy_percent"),
        };
    }

    /// <summary>amdgpu shows the load of the shaders for all and that of the memory controller for cards only, Vega 10 (gfx900) excepted.</summary>
    /// <remarks>Source: <c>default_attr_update</c> in the kernel's drivers/gpu/drm/amd/pm/amdgpu_pm.c (AMD_IS_APU, IP_VERSION(9, 0, 1)).</remarks>
    private static bool IsIntegrated(SystemFiles files, string device, KfdNode? compute) =>
        files.Exists(device + "/gpu_busy_percent") && !files.Exists(device + "/mem_busy_percent") && compute?.Architecture != "gfx900";

    private static string Name(SystemFiles files, DrmCard card) =>
        files.ReadValue(card.DeviceFolder + "/product_name")
        ?? PciNames.Find(files, "1002", card.DeviceId)
        ?? $"AMD GPU {card.DeviceId}";
}
