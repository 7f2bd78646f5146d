using System.Globalization;
using LlmOps.Hardware;
using Spectre.Console;

namespace LlmOps.Cli.Output;

/// <summary>Everything that is known of the host and of each GPU, as lists.</summary>
internal static class TopologyList
{
    public static void Write(IAnsiConsole console, GpuTopology topology)
    {
        Write(console, "Host", Facts(topology));
        foreach (GpuDevice gpu in topology.Gpus)
        {
            Write(console, Invariant($"GPU {gpu.Index}: {gpu.Name}"), Facts(gpu));
        }
    }

    private static void Write(IAnsiConsole console, string title, IEnumerable<(string Name, string? Value)> facts)
    {
        console.Line("\n" + title);
        Grid grid = new();
        grid.AddColumns(2);
        foreach ((string name, string? value) in facts)
        {
            if (!string.IsNullOrEmpty(value))
            {
                grid.AddRow(new Text("  " + name, new Style(Color.Grey)), new Text(value));
            }
        }

        console.Write(grid);
    }

    private static IEnumerable<(string Name, string? Value)> Facts(GpuTopology topology)
    {
        HostInfo host = topology.Host;
        MemoryInfo memory = host.Memory;
        yield return ("Name", Join(host.Name, host.Product));
        yield return ("Instructions", string.Join(' ', host.Cpu.InstructionSets));
        yield return ("Memory", Join(
            memory.BandwidthBytesPerSecond is { } bandwidth ? $"{Bytes.FormatRate(bandwidth)} in theory" : null,
            memory.Modules is { } modules ? string.Join(" + ", modules.GroupBy(module => module.SizeBytes).Select(alike => Invariant($"{alike.Count()} x {Bytes.Format(alike.Key)}"))) : null));
        yield return ("Swap", Join(Screen.Size(memory.SwapBytes), Sized(memory.SwapFreeBytes, "free")));
        yield return ("Huge pages", Join(
            memory.HugePages is { } pages ? Invariant($"{pages} of {Screen.Size(memory.HugePageBytes)}, {memory.HugePagesFree} free") : null,
            memory.TransparentHugePages is { } transparent ? $"transparent: {transparent}" : null));
        yield return ("Cgroup", Join(Sized(memory.LimitBytes, "of memory"), host.Cpu.QuotaCores is { } quota ? Invariant($"{quota:0.##} processors' time") : null));
        yield return ("Limits", Join(
            Limit(host.Limits.MemlockBytes, "locked", bytes => Bytes.Format(bytes)),
            Limit(host.Limits.Nofile, "open files", count => Invariant($"{count}")),
            Sized(host.Limits.ShmBytes, "in /dev/shm")));
        yield return ("NVML", topology.Driver?.NvmlVersion);
    }

    private static string? Limit(long? limit, string what, Func<long, string> format) => limit switch { null => null, -1 => $"unlimited {what}", { } known => $"{format(known)} {what}" };

    private static IEnumerable<(string Name, string? Value)> Facts(GpuDevice gpu)
    {
        yield return ("UUID", gpu.Uuid);
        yield return ("Bus", gpu.PciBusId);
        yield return ("Architecture", Join(gpu.Architecture, gpu.ComputeCapability is { } capability ? $"compute {capability}" : null, gpu.Cores is { } cores ? Invariant($"{cores} cores") : null));
        yield return ("CUDA number", gpu.CudaIndex is { } number
            ? Invariant($"{number} with CUDA_DEVICE_ORDER=PCI_BUS_ID") + (gpu.CudaIndexFastestFirst is { } fastest ? Invariant($", about {fastest} by default") : ", unknown by default")
            : gpu.Vendor == GpuVendor.Nvidia && gpu.Mig is not null ? "none: CUDA takes it by UUID only" : null);
        yield return ("Part of", gpu.Mig is { } mig ? Invariant($"GPU {mig.ParentIndex} ({mig.Profile ?? "MIG"}, GPU instance {mig.GpuInstanceId}, compute instance {mig.ComputeInstanceId}, {mig.Multiprocessors} multiprocessors)") : null);
        yield return ("Memory", Join(Bytes.Format(gpu.MemoryTotalBytes), Sized(gpu.MemoryFreeBytes, "free"), Sized(gpu.MemoryReservedBytes, "reserved"), gpu.SharedMemory ? "shared with the host" : null, gpu.MemoryBandwidthBytesPerSecond is { } rate ? $"{Bytes.FormatRate(rate)} at most" : null, gpu.MemoryBusWidthBits is { } bits ? Invariant($"{bits} bits wide") : null));
        yield return ("BAR1", Join(Screen.Size(gpu.Bar1TotalBytes), Sized(gpu.Bar1FreeBytes, "free")));
        yield return ("PCIe", Pcie(gpu.Pcie));
        yield return ("Way", gpu.Pcie?.RootComplex is { } root ? string.Join(" - ", [root, .. (gpu.Pcie.Ports ?? []).Select(port => port.Address)]) : null);
        yield return ("NUMA node", gpu.NumaNode?.ToString(CultureInfo.InvariantCulture));
        yield return ("Display", Join(gpu.DisplayAttached == true ? "attached" : null, gpu.DisplayActive == true ? "active" : null));
        yield return ("Mode", Join(gpu.ComputeMode is { } mode ? $"compute mode {mode}" : null, gpu.PersistenceMode is { } persistence ? persistence ? "persistent" : "not persistent" : null));
        yield return ("ECC", gpu.Ecc is { } ecc ? Join(ecc.Enabled == true ? "on" : "off", ecc.Pending is { } pending && pending != ecc.Enabled ? $"{(pending ? "on" : "off")} after a restart" : null, ecc.CorrectedErrors is { } corrected ? Invariant($"{corrected} corrected") : null, ecc.UncorrectedErrors is { } errors ? Invariant($"{errors} uncorrected") : null) : null);
        yield return ("Clocks", gpu.Clocks is { } clocks ? Invariant($"graphics {clocks.GraphicsMhz} of {clocks.MaxGraphicsMhz} MHz, memory {clocks.MemoryMhz} of {clocks.MaxMemoryMhz} MHz") : null);
        yield return ("Held back by", gpu.ThrottleReasons switch { null => null, [] => "nothing", ["GpuIdle"] => "nothing (it idles)", { } reasons => string.Join(", ", reasons) });
        yield return ("Power", Join(Watts(gpu.PowerWatts, "now"), Watts(gpu.PowerLimitWatts, "limit"), gpu.PowerRange is { } range ? Invariant($"{range.MinimumWatts}-{range.MaximumWatts} W can be set") : null));
        yield return ("Utilization", gpu.UtilizationPercent is { } use ? Invariant($"{use} %") : null);
        yield return ("Temperature", gpu.TemperatureCelsius is { } temperature ? Invariant($"{temperature} C") : null);
        yield return ("Processes", string.Join("; ", gpu.Processes.Select(process => Join(Invariant($"{process.Name ?? "?"} ({process.ProcessId})"), process.Kind, Screen.Size(process.MemoryBytes)))));
    }

    private static string? Pcie(PcieLink? link) => link is null ? null : Join(
        Invariant($"{link.Generation}.0 x{link.Width} now, {link.MaxGeneration}.0 x{link.MaxWidth} at most"),
        link.CardGeneration is not null && link.SlotGeneration is not null ? Invariant($"card {link.CardGeneration}.0 x{link.CardWidth}, slot {link.SlotGeneration}.0 x{link.SlotWidth}") : null,
        link.IsLimitedBySlot == true ? "limited by the slot" : null,
        link.IsDowngraded == true ? "fewer lanes than both have" : null,
        link.BytesPerSecond is { } rate ? $"{Bytes.FormatRate(rate)} expected" : null);

    private static string? Sized(long? bytes, string what) => bytes is { } known ? $"{Bytes.Format(known)} {what}" : null;

    private static string? Watts(double? watts, string what) => watts is { } known ? Invariant($"{known:0.#} W {what}") : null;

    private static string Join(params IEnumerable<string?> parts) => string.Join(", ", parts.Where(part => !string.IsNullOrEmpty(part)));

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
