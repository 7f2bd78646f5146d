using System.Globalization;
using LlmOps.Hardware.Pci;
using LlmOps.Native.Nvml;

namespace LlmOps.Hardware.Nvidia;

/// <summary>Asks NVML everything about one GPU. Each question stands alone: one that fails leaves its field null.</summary>
/// <param name="device">The GPU.</param>
/// <param name="context">The survey.</param>
/// <param name="index">Its number in NVML.</param>
/// <param name="notes">Where a failure goes that is more than a missing feature, the first of this GPU only.</param>
internal sealed class NvmlDeviceReader(NvmlDevice device, ProbeContext context, int index, List<string> notes)
{
    private bool _hasFailed;

    public GpuDevice Read()
    {
        PciAddress? address = Ask("PCI address", device.Pci) is { } pci ? PciAddress.Parse(pci.BusId) : null;
        string? capability = Ask("compute capability", device.ComputeCapability) is { } version
            ? string.Create(CultureInfo.InvariantCulture, $"{version.Major}.{version.Minor}")
            : null;
        GpuDevice gpu = new()
        {
            Index = index,
            Uuid = Check("UUID", device.Uuid(out string? uuid)) ? uuid : null,
            PciBusId = address?.ToString(),
            Vendor = GpuVendor.Nvidia,
            Name = Check("name", device.Name(out string? name)) && name is not null ? name : "NVIDIA GPU",
            Architecture = NvidiaArchitecture.FromNvml(device.Architecture.OrNull) ?? NvidiaArchitecture.FromCapability(capability),
            ComputeCapability = capability,
            Pcie = Pcie(address),
            NumaNode = address is { } place && context.Host.NumaNodes.Count > 1 ? new PciTree(context.Files).NumaNode(place) : null,
            DisplayActive = Number("display", device.DisplayActive) is { } active ? active != 0 : null,
            TemperatureCelsius = Number("temperature", device.TemperatureCelsius),
            PowerWatts = Number("power", device.PowerMilliwatts) / 1000.0,
            PowerLimitWatts = Number("power limit", device.PowerLimitMilliwatts) / 1000.0,
            UtilizationPercent = Ask("utilization", device.Utilization) is { } use ? (int)use.Gpu : null,
            Processes = ReadProcesses(),
        };
        return AddMemory(new NvmlDetails(device).AddTo(gpu));
    }

    private PcieLink? Pcie(PciAddress? address)
    {
        PcieLink reported = new()
        {
            Generation = Number("PCIe generation", device.PcieGeneration),
            Width = Number("PCIe width", device.PcieWidth),
            MaxGeneration = Number("PCIe generation", device.PcieMaxGeneration),
            MaxWidth = Number("PCIe width", device.PcieMaxWidth),
            CardGeneration = (int?)device.PcieCardGeneration.OrNull,
        };
        return address is { } place ? new PciTree(context.Files).Link(place, reported) : reported == new PcieLink() ? null : reported;
    }

    private GpuDevice AddMemory(GpuDevice gpu)
    {
        NvmlAnswer<NvmlMemoryV2> answer = device.MemoryV2;
        if (answer.OrNull is { Total: > 0 } memory)
        {
            return gpu with { MemoryTotalBytes = (long)memory.Total, MemoryFreeBytes = (long)memory.Free, MemoryReservedBytes = (long)memory.Reserved };
        }

        NvmlAnswer<NvmlMemory> older = device.MemoryV1;
        if (older.OrNull is { Total: > 0 } whole)
        {
            return gpu with { MemoryTotalBytes = (long)whole.Total, MemoryFreeBytes = (long)whole.Free };
        }

        // GB10, Jetson and their like have no memory of their own and say "not supported" or 0.
        if (older.Status is NvmlStatus.Success or NvmlStatus.NotSupported)
        {
            notes.Add(string.Create(CultureInfo.InvariantCulture, $"GPU {index} reports no memory of its own; the host's memory is shown as shared."));
            return gpu with
            {
                MemoryTotalBytes = context.Host.Memory.TotalBytes ?? 0,
                MemoryFreeBytes = context.Host.Memory.AvailableBytes,
                SharedMemory = true,
                IsIntegrated = true,
            };
        }

        Check("memory", older.Status == NvmlStatus.FunctionNotFound ? answer.Status : older.Status);
        return gpu;
    }

    private List<GpuProcess> ReadProcesses()
    {
        List<GpuProcess> found = [];
        if (Check("processes", device.ComputeProcesses(out NvmlProcessInfo[] computing)))
        {
            foreach (NvmlProcessInfo process in computing)
            {
                found.Add(Describe(process, "compute"));
            }
        }

        // Without a note of its own: whoever tells of computing processes tells of these.
        if (device.GraphicsProcesses(out NvmlProcessInfo[] drawing) == NvmlStatus.Success)
        {
            foreach (NvmlProcessInfo process in drawing)
            {
                int known = found.FindIndex(other => other.ProcessId == (int)process.ProcessId);
                if (known < 0)
                {
                    found.Add(Describe(process, "graphics"));
                }
                else
                {
                    found[known] = found[known] with { Kind = "compute+graphics" };
                }
            }
        }

        return found;
    }

    private GpuProcess Describe(NvmlProcessInfo process, string kind) => new(
        (int)process.ProcessId,
        context.Files.ReadValue(string.Create(CultureInfo.InvariantCulture, $"/proc/{process.ProcessId}/comm")),
        process.UsedMemory == NvmlProcessInfo.NotAvailable ? null : (long)process.UsedMemory,
        kind);

    private int? Number(string what, NvmlAnswer<uint> answer) => (int?)Ask(what, answer);

    private T? Ask<T>(string what, NvmlAnswer<T> answer)
        where T : struct => Check(what, answer.Status) ? answer.Value : null;

    private bool Check(string what, NvmlStatus status)
    {
        if (status != NvmlStatus.Success && !status.IsAbsence() && !_hasFailed)
        {
            _hasFailed = true;
            notes.Add(string.Create(CultureInfo.InvariantCulture, $"GPU {index} did not tell its {what}: {status.Describe()} (code {(int)status})."));
        }

        return status == NvmlStatus.Success;
    }
}
