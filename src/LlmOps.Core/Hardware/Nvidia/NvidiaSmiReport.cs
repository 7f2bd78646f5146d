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

        GpuDevice[] gpus = [.. log.Elements("gpu").Select(ReadGpu)];
        return new ProbeResult
        {
            Source = "nvidia-smi",
            IsUsable = true,
            Driver = new DriverInfo { Version = Text(log, "driver_version"), CudaVersion = Text(log, "cuda_version") },
            Gpus = gpus,
        };
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
            CudaIndex = index,
            Uuid = Text(gpu, "uuid"),
            PciBusId = PciAddress.Parse(Text(gpu, "pci/pci_bus_id") ?? gpu.Attribute("id")?.Value)?.ToString(),
            Vendor = GpuVendor.Nvidia,
            Name = Text(gpu, "product_name") ?? "NVIDIA GPU",
            Architecture = Text(gpu, "product_architecture"),
            MemoryTotalBytes = total ?? 0,
            MemoryFreeBytes = Size(gpu, "fb_memory_usage/free"),
            MemoryReservedBytes = Size(gpu, "fb_memory_usage/reserved"),
            Pcie = link == new PcieLink() ? null : link,
            DisplayActive = Text(gpu, "display_active") switch { "Enabled" => true, "Disabled" => false, _ => null },
            TemperatureCelsius = Number(gpu, "temperature/gpu_temp"),
            PowerWatts = Watts(gpu, "gpu_power_readings/power_draw", "gpu_power_readings/instant_power_draw", "power_readings/power_draw"),
            PowerLimitWatts = Watts(gpu, "gpu_power_readings/current_power_limit", "power_readings/enforced_power_limit", "power_readings/power_limit"),
            UtilizationPercent = Number(gpu, "utilization/gpu_util"),
            Processes = [.. (gpu.Element("processes")?.Elements("process_info") ?? []).Where(IsCompute).Select(ReadProcess)],
        };
    }

    // "C" and "C+G" compute; "G" draws a desktop.
    private static bool IsCompute(XElement process) => Text(process, "type")?.Contains('C', StringComparison.Ordinal) == true;

    private static GpuProcess ReadProcess(XElement process) =>
        new(Number(process, "pid") ?? 0, Text(process, "process_name"), Size(process, "used_memory"));

    /// <summary>The text at a path of elements; null when absent, <c>N/A</c> or in brackets (<c>[Not Supported]</c>).</summary>
    private static string? Text(XElement element, string path)
    {
        XElement? found = path.Split('/').Aggregate<string, XElement?>(element, (parent, name) => parent?.Element(name));
        string text = found?.Value.Trim() ?? string.Empty;
        return text.Length == 0 || text == "N/A" || text[0] == '[' || text == "Not Found" ? null : text;
    }

    private static int? Number(XElement element, string path) =>
        int.TryParse(Text(element, path)?.TrimEnd('x', '%', 'C', ' '), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;

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
