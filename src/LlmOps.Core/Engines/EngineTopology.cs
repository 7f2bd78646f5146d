using LlmOps.Hardware;

namespace LlmOps.Engines;

/// <summary>Adds devices that only the engine sees (software rasterisers, GPUs of vendors without a probe) to a topology.</summary>
public static class EngineTopology
{
    /// <summary>The topology with the engine's devices added, unless probes found GPUs already: then the engine's list names the same ones.</summary>
    public static GpuTopology AddDevices(GpuTopology topology, EngineCapabilities engine) => AddDevices(topology, engine.Devices);

    /// <summary>The same with a list of devices.</summary>
    internal static GpuTopology AddDevices(GpuTopology topology, IReadOnlyList<EngineDevice> devices)
    {
        if (topology.Gpus.Count > 0 || devices.Count == 0)
        {
            return topology;
        }

        List<GpuDevice> gpus = [];
        foreach (EngineDevice device in devices)
        {
            gpus.Add(new GpuDevice
            {
                Index = gpus.Count,
                Name = device.Description,
                Vendor = VendorOf(device),
                MemoryTotalBytes = device.TotalBytes ?? 0,
                MemoryFreeBytes = device.FreeBytes,
                SharedMemory = VendorOf(device) == GpuVendor.Software,
            });
        }

        return topology with { Gpus = gpus, Source = topology.Source == "none" ? "engine" : topology.Source + "+engine" };
    }

    private static GpuVendor VendorOf(EngineDevice device)
    {
        if (device.Description.StartsWith("llvmpipe", StringComparison.OrdinalIgnoreCase))
        {
            return GpuVendor.Software;
        }

        return device.Name.TrimEnd("0123456789".ToCharArray()) switch
        {
            "CUDA" => GpuVendor.Nvidia,
            "ROCm" => GpuVendor.Amd,
            "SYCL" => GpuVendor.Intel,
            _ => Named(device.Description),
        };
    }

    private static GpuVendor Named(string description) =>
        description.Contains("NVIDIA", StringComparison.OrdinalIgnoreCase) ? GpuVendor.Nvidia
        : description.Contains("AMD", StringComparison.OrdinalIgnoreCase) || description.Contains("Radeon", StringComparison.OrdinalIgnoreCase) ? GpuVendor.Amd
        : description.Contains("Intel", StringComparison.OrdinalIgnoreCase) ? GpuVendor.Intel
        : GpuVendor.Unknown;
}
