using System.Globalization;
using LlmOps.Hardware;

namespace LlmOps.Diagnostics.Checks;

/// <summary>A driver is loaded where NVIDIA cards are.</summary>
internal sealed class GpuDriverCheck : FactCheck
{
    public override string Id => "driver.loaded";

    public override CheckCategory Category => CheckCategory.Driver;

    protected override CheckResult Run(CheckContext context)
    {
        GpuTopology topology = context.Topology;
        if (topology.Driver is { Version: not null } driver)
        {
            return Pass($"the NVIDIA driver {driver.Version} is loaded", driver.CudaVersion is null ? null : $"CUDA up to {driver.CudaVersion}");
        }

        return topology.Notes.FirstOrDefault(note => note.Contains("NVML", StringComparison.OrdinalIgnoreCase)) is { } note
            ? Warn("an NVIDIA driver is installed but does not answer", note, "load the kernel modules ('sudo modprobe nvidia') or reboot after a driver update")
            : Skip("no NVIDIA driver is installed; this matters only for NVIDIA GPUs");
    }
}

/// <summary>There is a GPU to compute on.</summary>
internal sealed class GpuPresentCheck : FactCheck
{
    public override string Id => "gpu.present";

    public override CheckCategory Category => CheckCategory.Gpu;

    protected override CheckResult Run(CheckContext context)
    {
        IReadOnlyList<GpuDevice> gpus = context.Topology.Gpus;
        return gpus.Count == 0
            ? Warn("no GPU was found; models run on the processor, 10 to 50 times slower", context.Topology.Source, "if a GPU is built in, install its driver; small models are fine without")
            : Pass(string.Create(CultureInfo.InvariantCulture, $"{gpus.Count} GPU(s) found"), string.Join("; ", gpus.Select(gpu => $"{gpu.Index}: {gpu.Name}, {Bytes.Format(gpu.MemoryTotalBytes)}")));
    }
}

/// <summary>Nobody else holds much GPU memory.</summary>
internal sealed class GpuMemoryHeldCheck : FactCheck
{
    private const double MuchOfIt = 0.10;

    public override string Id => "gpu.memory-held";

    public override CheckCategory Category => CheckCategory.Gpu;

    protected override CheckResult Run(CheckContext context)
    {
        if (context.Topology.Gpus.Count == 0)
        {
            return Skip("there is no GPU");
        }

        List<string> held = [];
        foreach (GpuDevice gpu in context.Topology.Gpus)
        {
            long used = gpu.MemoryTotalBytes - (gpu.MemoryReservedBytes ?? 0) - (gpu.MemoryFreeBytes ?? gpu.MemoryTotalBytes);
            if (used > gpu.MemoryTotalBytes * MuchOfIt)
            {
                string holders = gpu.Processes.Count == 0 ? "unknown processes" : string.Join(", ", gpu.Processes.Select(process => $"{process.Name ?? "?"} ({process.ProcessId})"));
                held.Add($"GPU {gpu.Index}: {Bytes.Format(used)} by {holders}");
            }
        }

        return held.Count == 0 ? Pass("no other process holds much GPU memory")
            : Warn("GPU memory is held by other processes", string.Join("; ", held), "stop them before planning, or plan for what is left");
    }
}
