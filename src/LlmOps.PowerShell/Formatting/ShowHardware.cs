using System.Globalization;
using LlmOps.Hardware;

namespace LlmOps.Formatting;

/// <summary>Lines about machines and GPUs for the default views.</summary>
public static class ShowHardware
{
    /// <summary>A GPU on one line.</summary>
    public static string Gpu(GpuDevice gpu) => string.Join("  ", new[]
    {
        Invariant($"{gpu.Index}: {gpu.Name}"),
        gpu.MemoryFreeBytes is long free ? $"{Bytes.Format(gpu.MemoryTotalBytes)} ({Bytes.Format(free)} free)" : Bytes.Format(gpu.MemoryTotalBytes),
        gpu.ComputeCapability is string capability ? $"compute {capability}" : null,
        Pcie(gpu.Pcie),
        gpu.NumaNode is int node ? Invariant($"NUMA {node}") : null,
    }.OfType<string>().Where(part => part.Length > 0));

    /// <summary>How GPUs reach each other, as a table.</summary>
    public static string Matrix(GpuTopology topology) => TopologyMatrix.ToText(topology);

    /// <summary>A link on one line.</summary>
    public static string Link(GpuLink link) => string.Join("  ", new[]
    {
        Invariant($"{link.A}-{link.B}: {link.Kind}"),
        link.Nvlinks > 0 ? Invariant($"{link.Nvlinks} NVLinks") : null,
        link.BytesPerSecond is long rate ? Bytes.FormatRate(rate) : null,
        link.PeerAccess switch { true => "peer access", false => "no peer access", null => null },
    }.OfType<string>());

    /// <summary>A PCIe link, what it is now and what it can be: <c>PCIe 1 x16 (up to 3 x16)</c>.</summary>
    public static string Pcie(PcieLink? link)
    {
        if (link is not { Generation: int generation, Width: int width })
        {
            return link is { MaxGeneration: int only, MaxWidth: int lanes } ? Invariant($"PCIe {only} x{lanes}") : string.Empty;
        }

        bool isBelowMaximum = (link.MaxGeneration ?? generation) != generation || (link.MaxWidth ?? width) != width;
        return Invariant($"PCIe {generation} x{width}") + (isBelowMaximum ? Invariant($" (up to {link.MaxGeneration} x{link.MaxWidth})") : string.Empty);
    }

    /// <summary>The processor on one line.</summary>
    public static string Cpu(CpuInfo cpu)
    {
        ArgumentNullException.ThrowIfNull(cpu);
        return string.Join(", ", new[]
        {
            cpu.Model,
            cpu.Sockets is > 1 and int sockets ? Invariant($"{sockets} sockets") : null,
            cpu.PhysicalCores is int cores ? Invariant($"{cores} cores") : null,
            cpu.LogicalCores is int threads ? Invariant($"{threads} threads") : null,
            cpu.QuotaCores is double quota ? Invariant($"limited to {quota:0.##}") : null,
        }.OfType<string>());
    }

    /// <summary>Main memory on one line.</summary>
    public static string Memory(MemoryInfo memory)
    {
        ArgumentNullException.ThrowIfNull(memory);
        return memory.TotalBytes is long total
            ? Bytes.Format(total) + (memory.AvailableBytes is long available ? $" ({Bytes.Format(available)} available)" : string.Empty)
            : string.Empty;
    }

    /// <summary>The driver on one line.</summary>
    public static string Driver(DriverInfo? driver) => driver is null
        ? string.Empty
        : string.Join(", ", new[] { driver.Version, driver.CudaVersion is string cuda ? $"CUDA {cuda}" : null }.OfType<string>());

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
