using LlmOps.Hardware;

namespace LlmOps.Core.Tests.Planning.Distributed;

/// <summary>Machines with a name of their own, whose cards nobody else has.</summary>
internal static class Machines
{
    public static GpuTopology Of(string? name, int cards, string gpu = "NVIDIA H100 80GB HBM3", long gib = 80, string capability = "9.0", bool? peers = true) => new()
    {
        Host = new HostInfo { Name = name, Cpu = new CpuInfo { PhysicalCores = 64, LogicalCores = 128 }, Memory = new MemoryInfo { TotalBytes = 512 * LlmOps.Bytes.GiB, AvailableBytes = 500 * LlmOps.Bytes.GiB } },
        Gpus =
        [
            .. Enumerable.Range(0, cards).Select(index => new GpuDevice
            {
                Index = index, CudaIndex = index, Uuid = $"GPU-{name}-{index}", Vendor = GpuVendor.Nvidia, Name = gpu, ComputeCapability = capability,
                MemoryTotalBytes = gib * LlmOps.Bytes.GiB, MemoryFreeBytes = (gib * LlmOps.Bytes.GiB) - (400 * LlmOps.Bytes.MiB), MemoryReservedBytes = 300 * LlmOps.Bytes.MiB,
            }),
        ],
        Links = [.. from a in Enumerable.Range(0, cards) from b in Enumerable.Range(0, cards) where a < b select new GpuLink { A = a, B = b, Kind = GpuLinkKind.NVLink, Nvlinks = 18, PeerAccess = peers }],
    };
}
