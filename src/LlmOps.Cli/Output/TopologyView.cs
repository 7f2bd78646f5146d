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
            WriteGpus(console, topology);
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

    /// <summary>As many columns as the console has room for; everything else is in the full list.</summary>
    private static void WriteGpus(IAnsiConsole console, GpuTopology topology)
    {
        int width = console.Profile.Width;
        bool hasNodes = topology.Host.NumaNodes.Count > 1;
        bool showsBus = width >= 100;
        bool showsUuid = width >= 150;
        List<string> columns = [">GPU", "Name", ">Free memory", "!Compute", "!PCIe"];
        columns.AddRange(hasNodes ? ["NUMA"] : []);
        columns.AddRange(showsBus ? ["!Bus"] : []);
        columns.AddRange(showsUuid ? ["!UUID"] : []);
        Table table = Screen.Table([.. columns]);
        foreach (GpuDevice gpu in topology.Gpus)
        {
            List<string?> cells = [Number(gpu.Index), ShortName(gpu), Memory(gpu), gpu.ComputeCapability ?? (gpu.Vendor == GpuVendor.Amd ? gpu.Architecture : null), Pcie(gpu.Pcie)];
            cells.AddRange(hasNodes ? [Number(gpu.NumaNode)] : []);
            cells.AddRange(showsBus ? [gpu.PciBusId?.StartsWith("0000", StringComparison.Ordinal) == true ? gpu.PciBusId[4..] : gpu.PciBusId] : []);
            cells.AddRange(showsUuid ? [gpu.Uuid] : []);
            table.Row([.. cells]);
        }

        console.Write(table);
        foreach (IGrouping<string?, GpuDevice> alike in topology.Gpus.GroupBy(gpu => Limited(gpu.Pcie)).Where(group => group.Key is not null))
        {
            console.Line($"* GPU {string.Join(", ", alike.Select(gpu => Number(gpu.Index)))}: {alike.Key}");
        }
    }

    /// <summary>One row for all pairs that are alike: eight GPUs have 28 pairs.</summary>
    private static void WriteLinks(IAnsiConsole console, IReadOnlyList<GpuLink> links)
    {
        Table table = Screen.Table("!Path", ">One way", "!Peer access", "Pairs");
        foreach (IGrouping<(string, long?, bool?), GpuLink> alike in links.GroupBy(link => (Path(link), link.BytesPerSecond, link.PeerAccess)))
        {
            (string path, long? rate, bool? access) = alike.Key;
            table.Row(
                path,
                rate is { } known ? Bytes.FormatRate(known) : null,
                access switch { true => "yes", false => "no", null => null },
                alike.Count() == links.Count && links.Count > 3 ? string.Create(CultureInfo.InvariantCulture, $"all {links.Count}") : string.Join(", ", alike.Select(link => string.Create(CultureInfo.InvariantCulture, $"{link.A}-{link.B}"))));
        }

        console.Write(table);
    }

    private static string Path(GpuLink link) => link.Nvlinks > 0 ? string.Create(CultureInfo.InvariantCulture, $"{link.Nvlinks} x NVLink {link.NvlinkVersion}").TrimEnd() : link.Kind.ToString();

    /// <summary><c>11.8 of 12.0 GiB</c>; both units where they differ.</summary>
    private static string Memory(GpuDevice gpu)
    {
        string total = Bytes.Format(gpu.MemoryTotalBytes);
        string free = gpu.MemoryFreeBytes is { } known ? Bytes.Format(known) : "?";
        int unit = total.IndexOf(' ', StringComparison.Ordinal);
        return (free.EndsWith(total[unit..], StringComparison.Ordinal) ? free[..^(total.Length - unit)] : free) + " of " + total;
    }

    private static string ShortName(GpuDevice gpu) =>
        (gpu.Vendor == GpuVendor.Nvidia && gpu.Name.StartsWith("NVIDIA ", StringComparison.Ordinal) ? gpu.Name["NVIDIA ".Length..] : gpu.Name)
        + (gpu.IsIntegrated ? " (integrated)" : string.Empty);

    /// <summary>What the link can do: the generation in use says nothing while the GPU idles, the lanes in use do.</summary>
    private static string? Pcie(PcieLink? link) => link is null || (link.MaxGeneration ?? link.Generation) is not { } generation ? null
        : string.Create(CultureInfo.InvariantCulture, $"{generation}.0 x{link.Width ?? link.MaxWidth}{(Limited(link) is null ? string.Empty : " *")}");

    private static string? Limited(PcieLink? link) =>
        link?.IsDowngraded == true ? string.Create(CultureInfo.InvariantCulture, $"x{link.Width} lanes in use, and card and slot both have more (dirt, a riser, or lanes that went to another slot)")
        : link?.IsLimitedBySlot == true ? string.Create(CultureInfo.InvariantCulture, $"the card could use {link.CardGeneration}.0 x{link.CardWidth}, its slot has {link.SlotGeneration}.0 x{link.SlotWidth}")
        : null;

    private static string? Number(int? number) => number?.ToString(CultureInfo.InvariantCulture);

    private static string? Assigned(string name, string? value) => value is null ? null : $"{name}={value}";

    private static string? Counted(int? count, string noun) => count is { } n ? $"{n} {noun}{(n == 1 ? string.Empty : "s")}" : null;

    private static string Join(string separator, params IEnumerable<string?> parts) => string.Join(separator, parts.Where(part => !string.IsNullOrEmpty(part)));
}
