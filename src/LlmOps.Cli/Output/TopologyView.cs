using System.Globalization;
using LlmOps.Hardware;
using Spectre.Console;

namespace LlmOps.Cli.Output;

/// <summary>A topology as people want to see it.</summary>
internal static class TopologyView
{
    public static void Write(IAnsiConsole console, GpuTopology topology)
    {
        WriteHost(console, topology);
        if (topology.Gpus.Count == 0)
        {
            console.Line("No GPUs: models run on the processor.");
        }
        else
        {
            WriteGpus(console, topology.Gpus);
        }

        if (topology.Links.Count > 0)
        {
            WriteLinks(console, topology.Links);
        }

        foreach (string note in topology.Notes)
        {
            console.Line($"note: {note}");
        }
    }

    private static void WriteHost(IAnsiConsole console, GpuTopology topology)
    {
        HostInfo host = topology.Host;
        Grid grid = new();
        grid.AddColumns(2);
        Add("System", Join(", ", host.Os, host.Kernel is { } kernel ? $"kernel {kernel}" : null, host.IsWsl ? "WSL" : null, host.IsContainer ? "in a container" : null, host.VirtualMachine is { } hypervisor && !host.IsWsl ? $"virtual machine ({hypervisor})" : null));
        Add("Processor", Join(", ", host.Cpu.Model, Counted(host.Cpu.Sockets, "socket"), Counted(host.Cpu.PhysicalCores, "core"), Counted(host.Cpu.LogicalCores, "thread")));
        Add("Memory", Join(", ", Screen.Size(host.Memory.TotalBytes), host.Memory.AvailableBytes is { } free ? $"{Bytes.Format(free)} available" : null, Counted(host.Memory.Channels, "channel"), host.Memory.SpeedMegatransfers is { } speed ? $"{host.Memory.Type}-{speed}" : null));
        if (host.NumaNodes.Count > 1)
        {
            Add("NUMA", string.Join("; ", host.NumaNodes.Select(node => $"node {node.Node}: cpus {node.Cpus}, {Screen.Size(node.MemoryBytes)}")));
        }

        if (topology.Driver is { } driver)
        {
            Add("Driver", Join(", ", driver.Version, driver.CudaVersion is { } cuda ? $"CUDA up to {cuda}" : null));
        }

        if (topology.Environment is { } environment)
        {
            Add("Environment", Join(
                ", ",
                Assigned("CUDA_VISIBLE_DEVICES", environment.CudaVisibleDevices), Assigned("CUDA_DEVICE_ORDER", environment.CudaDeviceOrder),
                Assigned("HIP_VISIBLE_DEVICES", environment.HipVisibleDevices), Assigned("ROCR_VISIBLE_DEVICES", environment.RocrVisibleDevices),
                Assigned("NVIDIA_VISIBLE_DEVICES", environment.NvidiaVisibleDevices)));
        }

        Add("Source", topology.Source);
        console.Write(grid);

        void Add(string name, string value) => grid.AddRow(new Text(name, new Style(Color.Grey)), new Text(value.Length == 0 ? "unknown" : value));
    }

    private static void WriteGpus(IAnsiConsole console, IReadOnlyList<GpuDevice> gpus)
    {
        Table table = Screen.Table(">GPU", "Name", ">Memory", ">Free", "Compute", "PCIe now (max)", "NUMA", "Bus", "UUID");
        foreach (GpuDevice gpu in gpus)
        {
            table.Row(
                gpu.Index.ToString(CultureInfo.InvariantCulture),
                gpu.Name,
                Bytes.Format(gpu.MemoryTotalBytes),
                Screen.Size(gpu.MemoryFreeBytes),
                gpu.ComputeCapability,
                Pcie(gpu.Pcie),
                gpu.NumaNode?.ToString(CultureInfo.InvariantCulture),
                gpu.PciBusId,
                gpu.Uuid);
        }

        console.Write(table);
    }

    private static void WriteLinks(IAnsiConsole console, IReadOnlyList<GpuLink> links)
    {
        Table table = Screen.Table("Link", "Path", ">One way", "Peer access");
        foreach (GpuLink link in links)
        {
            table.Row(
                $"{link.A} - {link.B}",
                link.Nvlinks > 0 ? $"{link.Nvlinks} x NVLink" : link.Kind.ToString(),
                link.BytesPerSecond is { } rate ? $"{Bytes.Format(rate)}/s" : null,
                link.PeerAccess switch { true => "yes", false => "no", null => null });
        }

        console.Write(table);
    }

    private static string? Pcie(PcieLink? link) =>
        link is null ? null : $"{link.Generation}.0 x{link.Width} ({link.MaxGeneration}.0 x{link.MaxWidth})";

    private static string? Assigned(string name, string? value) => value is null ? null : $"{name}={value}";

    private static string? Counted(int? count, string noun) => count is { } n ? $"{n} {noun}{(n == 1 ? string.Empty : "s")}" : null;

    private static string Join(string separator, params IEnumerable<string?> parts) => string.Join(separator, parts.Where(part => !string.IsNullOrEmpty(part)));
}
