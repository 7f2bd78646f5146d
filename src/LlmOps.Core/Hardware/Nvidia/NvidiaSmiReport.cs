using System.Globalization;
using System.Xml;
using System.Xml.Linq;
using LlmOps.Hardware.Pci;

namespace LlmOps.Hardware.Nvidia;

/// <summary>Reads what <c>nvidia-smi -q -x</c> prints. Field names changed over the years; each is tried under all that it had.</summary>
internal static class NvidiaSmiReport
{
    /// <summary>Reads a report.</summary>
    /// <returns>Null when the text is not one.</returns>
    public static ProbeResult? Parse(string xml)
    {
        XElement? log = Load(xml);
        if (log?.Name.LocalName != "nvidia_smi_log")
        {
            return null;
        }

        List<GpuDevice> gpus = [];
        List<GpuDevice> parts = [];
        List<string> notes = [];
        int index = 0;
        foreach (XElement element in log.Elements("gpu"))
        {
            GpuDevice gpu = ReadGpu(element, index++);
            if (Text(element, "mig_mode/current_mig") != "Enabled")
            {
                gpus.Add(gpu with { CudaIndex = gpus.Count });
                continue;
            }

            GpuDevice[] found = [.. (element.Element("mig_devices")?.Elements("mig_device") ?? []).Select(part => ReadPart(part, gpu))];
            parts.AddRange(found);
            if (found.Length == 0)
            {
                notes.Add(string.Create(CultureInfo.InvariantCulture, $"GPU {gpu.Index} is divided (MIG) but has no instances, so nothing can use it; make some with 'nvidia-smi mig -cgi PROFILE -C'."));
            }
        }

        gpus.AddRange(parts.Select((part, position) => part with { Index = index + position }));
        return new ProbeResult
        {
            Source = "nvidia-smi",
            IsUsable = true,
            Driver = new DriverInfo { Version = Text(log, "driver_version"), CudaVersion = Text(log, "cuda_version") },
            Gpus = gpus,
            Notes = notes,
        };
    }

    private static GpuDevice ReadPart(XElement part, GpuDevice whole) => whole with
    {
        Uuid = null,
        Name = whole.Name + " MIG",
        CudaIndex = null,
        MemoryTotalBytes = Size(part, "fb_memory_usage/total") ?? 0,
        MemoryFreeBytes = Size(part, "fb_memory_usage/free"),
        MemoryReservedBytes = Size(part, "fb_memory_usage/reserved"),
        UtilizationPercent = null,
        Processes = [],
        Mig = new MigInstance
        {
            ParentIndex = whole.Index,
            ParentUuid = whole.Uuid,
            GpuInstanceId = Number(part, "gpu_instance_id"),
            ComputeInstanceId = Number(part, "compute_instance_id"),
            Multiprocessors = Number(part, "device_attributes/shared/multiprocessor_count"),
        },
    };

    /// <summary>Adds what <c>-L</c> prints of parts, in the order of the report: <c>MIG 1g.5gb Device 0: (UUID: MIG-…)</c>.</summary>
    public static List<GpuDevice> AddPartNames(List<GpuDevice> gpus, string list)
    {
        Queue<(string Profile, string Uuid)> named = new();
        foreach (string line in list.Split('\n', StringSplitOptions.TrimEntries))
        {
            int device = line.IndexOf("Device", StringComparison.Ordinal);
            int uuid = line.IndexOf("(UUID: MIG-", StringComparison.Ordinal);
            if (line.StartsWith("MIG ", StringComparison.Ordinal) && device > 4 && uuid > device)
            {
                named.Enqueue((line[4..device].Trim(), line[(uuid + "(UUID: ".Length)..].TrimEnd(')')));
            }
        }

        // A list that does not match the report was taken at another moment.
        return named.Count != gpus.Count(gpu => gpu.Mig is not null)
            ? gpus
            : [.. gpus.Select(gpu => gpu.Mig is { } part && named.Dequeue() is var (profile, uuid)
                ? gpu with { Uuid = uuid, Name = $"{gpu.Name} {profile}", Mig = part with { Profile = profile } }
                : gpu)];
    }

    /// <summary>Adds what <c>--query-gpu=uuid,compute_cap</c> prints: <c>GPU-8f…, 8.9</c> a line.</summary>
    public static IEnumerable<GpuDevice> AddCapabilities(IEnumerable<GpuDevice> gpus, string table)
    {
        Dictionary<string, string> capabilities = new(StringComparer.Ordinal);
        foreach (string line in table.Split('\n'))
        {
            string[] cells = line.Split(',', StringSplitOptions.TrimEntries);
            if (cells.Length == 2 && double.TryParse(cells[1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out _))
            {
                capabilities[cells[0]] = cells[1];
            }
        }

        return gpus.Select(gpu => gpu.Uuid is { } uuid && capabilities.TryGetValue(uuid, out string? capability)
            ? gpu with { ComputeCapability = capability, Architecture = gpu.Architecture ?? NvidiaArchitecture.FromCapability(capability) }
            : gpu);
    }

    private static XElement? Load(string xml)
    {
        try
        {
            // The report names a DTD that is nowhere to be had.
            using XmlReader reader = XmlReader.Create(new StringReader(xml), new XmlReaderSettings { DtdProcessing = DtdProcessing.Ignore, XmlResolver = null });
            return XDocument.Load(reader).Root;
        }
        catch (XmlException)
        {
            return null;
        }
    }

    private static GpuDevice ReadGpu(XElement gpu, int index)
    {
        long? total = Size(gpu, "fb_memory_usage/total");
        PcieLink link = new()
        {
            Generation = Number(gpu, "pci/pci_gpu_link_info/pcie_gen/current_link_gen"),
            Width = Number(gpu, "pci/pci_gpu_link_info/link_widths/current_link_width"),
            MaxGeneration = Number(gpu, "pci/pci_gpu_link_info/pcie_gen/max_link_gen"),
            MaxWidth = Number(gpu, "pci/pci_gpu_link_info/link_widths/max_link_width"),
        };
        return new GpuDevice
        {
            Index = index,
            Uuid = Text(gpu, "uuid"),
            PciBusId = PciAddress.Parse(Text(gpu, "pci/pci_bus_id") ?? gpu.Attribute("id")?.Value)?.ToString(),
            Vendor = GpuVendor.Nvidia,
            Name = Text(gpu, "product_name") ?? "NVIDIA GPU",
            Architecture = Text(gpu, "product_architecture"),
            MemoryTotalBytes = total ?? 0,
            MemoryFreeBytes = Size(gpu, "fb_memory_usage/free"),
            MemoryReservedBytes = Size(gpu, "fb_memory_usage/reserved"),
            Pcie = link == new PcieLink() ? null : link,
            Bar1TotalBytes = Size(gpu, "bar1_memory_usage/total"),
            Bar1FreeBytes = Size(gpu, "bar1_memory_usage/free"),
            DisplayActive = Switch(gpu, "display_active"),
            DisplayAttached = Text(gpu, "display_attached") is { } attached ? attached == "Yes" : Switch(gpu, "display_mode"),
            ComputeMode = Text(gpu, "compute_mode")?.Replace("_", string.Empty, StringComparison.Ordinal),
            PersistenceMode = Switch(gpu, "persistence_mode"),
            Ecc = Switch(gpu, "ecc_mode/current_ecc") is { } ecc ? new GpuEcc { Enabled = ecc, Pending = Switch(gpu, "ecc_mode/pending_ecc") } : null,
            Clocks = ReadClocks(gpu),
            ThrottleReasons = ReadReasons(gpu.Element("clocks_event_reasons") ?? gpu.Element("clocks_throttle_reasons")),
            PowerRange = ReadPowerRange(gpu),
            TemperatureCelsius = Number(gpu, "temperature/gpu_temp"),
            PowerWatts = Watts(gpu, "gpu_power_readings/power_draw", "gpu_power_readings/instant_power_draw", "power_readings/power_draw"),
            PowerLimitWatts = Watts(gpu, "gpu_power_readings/current_power_limit", "power_readings/enforced_power_limit", "power_readings/power_limit"),
            UtilizationPercent = Number(gpu, "utilization/gpu_util"),
            Processes = [.. (gpu.Element("processes")?.Elements("process_info") ?? []).Select(ReadProcess)],
        };
    }

    private static GpuClocks? ReadClocks(XElement gpu)
    {
        GpuClocks clocks = new()
        {
            GraphicsMhz = Number(gpu, "clocks/graphics_clock"),
            SmMhz = Number(gpu, "clocks/sm_clock"),
            MemoryMhz = Number(gpu, "clocks/mem_clock"),
            MaxGraphicsMhz = Number(gpu, "max_clocks/graphics_clock"),
            MaxMemoryMhz = Number(gpu, "max_clocks/mem_clock"),
        };
        return clocks == new GpuClocks() ? null : clocks;
    }

    private static GpuPowerRange? ReadPowerRange(XElement gpu)
    {
        GpuPowerRange range = new()
        {
            DefaultWatts = Watts(gpu, "gpu_power_readings/default_power_limit", "power_readings/default_power_limit"),
            MinimumWatts = Watts(gpu, "gpu_power_readings/min_power_limit", "power_readings/min_power_limit"),
            MaximumWatts = Watts(gpu, "gpu_power_readings/max_power_limit", "power_readings/max_power_limit"),
        };
        return range == new GpuPowerRange() ? null : range;
    }

    /// <summary>The active ones, named as NVML's are: <c>clocks_event_reason_sw_power_cap</c> is <c>SwPowerCap</c>.</summary>
    private static List<string>? ReadReasons(XElement? reasons) => reasons is null ? null :
    [
        .. reasons.Elements().Where(reason => reason.Value.Trim() == "Active").Select(reason =>
            string.Concat(reason.Name.LocalName.Split('_').Skip(3).Select(word => char.ToUpperInvariant(word[0]) + word[1..]))),
    ];

    private static bool? Switch(XElement element, string path) => Text(element, path) switch { "Enabled" => true, "Disabled" => false, _ => null };

    private static GpuProcess ReadProcess(XElement process) => new(
        Number(process, "pid") ?? 0,
        Text(process, "process_name"),
        Size(process, "used_memory"),
        Text(process, "type") switch { "C" => "compute", "G" => "graphics", "C+G" => "compute+graphics", _ => null });

    /// <summary>The text at a path of elements; null when absent, <c>N/A</c> or in brackets (<c>[Not Supported]</c>).</summary>
    private static string? Text(XElement element, string path)
    {
        XElement? found = path.Split('/').Aggregate<string, XElement?>(element, (parent, name) => parent?.Element(name));
        string text = found?.Value.Trim() ?? string.Empty;
        return text.Length == 0 || text == "N/A" || text[0] == '[' || text == "Not Found" ? null : text;
    }

    private static int? Number(XElement element, string path) =>
        int.TryParse(Text(element, path)?.TrimEnd('x', '%', 'C', ' ', 'M', 'H', 'z'), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;

    private static long? Size(XElement element, string path) => Bytes.TryParse(Text(element, path), out long bytes) ? bytes : null;

    private static double? Watts(XElement element, params ReadOnlySpan<string> paths)
    {
        foreach (string path in paths)
        {
            if (double.TryParse(Text(element, path)?.TrimEnd('W', ' '), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double watts))
            {
                return watts;
            }
        }

        return null;
    }
}
