using LlmOps.Hardware;

namespace LlmOps.Planning;

/// <summary>Speeds of a machine's parts: what was read from the hardware, else the datasheet's.</summary>
internal static class DeviceSpeeds
{
    /// <summary>Bytes a second that the GPU's memory delivers; an integrated GPU's is the host's. Null when unknown.</summary>
    public static double? BytesPerSecond(GpuDevice gpu, HostInfo? host = null) =>
        gpu.MemoryBandwidthBytesPerSecond is > 0 and var read ? read
        : GpuSpeeds.Of(gpu.Name) is { } row ? row.GigabytesPerSecond * 1e9
        : gpu.SharedMemory && gpu.Vendor != GpuVendor.Software ? host?.Memory.BandwidthBytesPerSecond : null;

    /// <summary>Products and sums a second of the GPU's matrix units; null when unknown.</summary>
    public static double? FlopsPerSecond(GpuDevice gpu) => GpuSpeeds.Of(gpu.Name)?.Teraflops * 1e12;

    /// <summary>
    /// Products and sums a second of the processor: cores × 2.5 GHz × 32 (two fused operations on eight numbers a cycle) with AVX2, twice that with
    /// AVX-512, a quarter without either. Null when the cores are unknown.
    /// </summary>
    public static double? FlopsPerSecond(CpuInfo cpu)
    {
        double width = cpu.InstructionSets.Contains("avx512f") ? 64 : cpu.InstructionSets.Count == 0 || cpu.InstructionSets.Contains("avx2") ? 32 : 8;
        double? cores = cpu.PhysicalCores ?? cpu.LogicalCores;
        return cores is > 0 ? Math.Min(cores.Value, cpu.QuotaCores ?? double.MaxValue) * 2.5e9 * width : null;
    }

    /// <summary>Bytes a second from main memory to the GPU over its link; 12 GB/s (PCIe 3.0 x16) where it is unknown.</summary>
    public static double LinkBytesPerSecond(GpuDevice gpu)
    {
        if (gpu.Pcie?.BytesPerSecond is > 0 and var known)
        {
            return known;
        }

        int generation = gpu.Pcie?.MaxGeneration ?? gpu.Pcie?.Generation ?? 3;
        int width = gpu.Pcie?.MaxWidth ?? gpu.Pcie?.Width ?? 16;
        double lane = generation switch { <= 1 => 0.25e9, 2 => 0.5e9, 3 => 0.985e9, 4 => 1.97e9, 5 => 3.94e9, _ => 7.56e9 };
        return lane * width * 0.8;
    }
}
