using LlmOps.Hardware;

namespace LlmOps.Core.Tests.Engines.Install;

/// <summary>Machines to install for.</summary>
internal static class Machines
{
    public static GpuTopology Of(string? driverCuda, params (GpuVendor Vendor, string? Capability)[] gpus) => new()
    {
        CapturedAt = new DateTimeOffset(2026, 11, 21, 9, 0, 0, TimeSpan.Zero),
        Host = new HostInfo { Cpu = new CpuInfo { LogicalCores = 8 } },
        Driver = driverCuda is null ? null : new DriverInfo { CudaVersion = driverCuda },
        Gpus = [.. gpus.Select((gpu, index) => new GpuDevice { Index = index, Name = $"card {index}", Vendor = gpu.Vendor, ComputeCapability = gpu.Capability, MemoryTotalBytes = 24L << 30 })],
    };

    public static GpuTopology Nvidia(string driverCuda, params string[] capabilities) => Of(driverCuda, [.. capabilities.Select(capability => (GpuVendor.Nvidia, (string?)capability))]);

    public static GpuTopology Blank => Of(null);
}
