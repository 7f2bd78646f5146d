using LlmOps.Hardware;

namespace LlmOps.Core.Tests.Planning.Vllm;

/// <summary>Machines with RTX 2080 Ti cards of 22 GB, as in caovan.com's write-up and its readers' comments.</summary>
internal static class TuringMachine
{
    public const long MiB = 1L << 20;
    public const long GiB = 1L << 30;

    public static GpuTopology Of(int cards, GpuLinkKind link = GpuLinkKind.NVLink, bool? peers = null) => new()
    {
        Host = new HostInfo { Cpu = new CpuInfo { PhysicalCores = 24, LogicalCores = 48 }, Memory = new MemoryInfo { TotalBytes = 128 * GiB, AvailableBytes = 120 * GiB } },
        Driver = new DriverInfo { Version = "595.71.05", CudaVersion = "13.2" },
        Gpus = [.. Enumerable.Range(0, cards).Select(Card)],
        Links = [.. from a in Enumerable.Range(0, cards) from b in Enumerable.Range(0, cards) where a < b select new GpuLink { A = a, B = b, Kind = link, PeerAccess = peers }],
    };

    public static GpuTopology UnderWsl(long availableBytes) => Of(2, GpuLinkKind.PHB) is var machine
        ? machine with { Host = machine.Host with { IsWsl = true, Memory = new MemoryInfo { TotalBytes = 16 * GiB, AvailableBytes = availableBytes } } }
        : machine;

    public static GpuDevice Card(int index) => new()
    {
        Index = index,
        CudaIndex = index,
        Uuid = $"GPU-{index:D8}-0000-0000-0000-000000000000",
        Vendor = GpuVendor.Nvidia,
        Name = "NVIDIA GeForce RTX 2080 Ti",
        ComputeCapability = "7.5",
        MemoryTotalBytes = 22527 * MiB,
        MemoryFreeBytes = 22260 * MiB,
    };
}
