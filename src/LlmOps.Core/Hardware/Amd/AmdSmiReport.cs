using System.Globalization;
using System.Text.Json;
using LlmOps.Hardware.Pci;

namespace LlmOps.Hardware.Amd;

/// <summary>Reads what <c>amd-smi static --json</c> prints. The program is Python and takes a second, so it fills gaps and is not asked first.</summary>
internal static class AmdSmiReport
{
    /// <summary>What the program says of each GPU, by PCI address; null when the text is no report.</summary>
    public static IReadOnlyDictionary<string, AmdSmiGpu>? Parse(string text)
    {
        // Warnings may stand before the JSON.
        int start = text.AsSpan().IndexOfAny('[', '{');
        if (start < 0)
        {
            return null;
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(text.AsMemory(start), new JsonDocumentOptions { AllowTrailingCommas = true });
            JsonElement list = document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("gpu_data", out JsonElement data)
                ? data
                : document.RootElement;
            return list.ValueKind == JsonValueKind.Array ? ReadAll(list) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static Dictionary<string, AmdSmiGpu> ReadAll(JsonElement list)
    {
        Dictionary<string, AmdSmiGpu> found = new(StringComparer.Ordinal);
        foreach (JsonElement gpu in list.EnumerateArray())
        {
            if (PciAddress.Parse(Text(gpu, "bus", "bdf")) is { } address)
            {
                found[address.ToString()] = new AmdSmiGpu(
                    Text(gpu, "asic", "market_name"),
                    Text(gpu, "asic", "target_graphics_version")?.ToLowerInvariant(),
                    Text(gpu, "asic", "asic_serial"),
                    (int?)Number(gpu, "asic", "num_compute_units"),
                    Number(gpu, "vram", "size") * Bytes.MiB,
                    (int?)Number(gpu, "vram", "bit_width"));
            }
        }

        return found;
    }

    private static string? Text(JsonElement gpu, string section, string name) =>
        Find(gpu, section, name) is { ValueKind: JsonValueKind.String } value && value.GetString() is { Length: > 0 } text && text != "N/A" ? text : null;

    /// <summary>A number, plain or with a unit: <c>{ "value": 196592, "unit": "MB" }</c>.</summary>
    private static long? Number(JsonElement gpu, string section, string name)
    {
        JsonElement? value = Find(gpu, section, name);
        if (value is { ValueKind: JsonValueKind.Object } pair && pair.TryGetProperty("value", out JsonElement inner))
        {
            value = inner;
        }

        return value switch
        {
            { ValueKind: JsonValueKind.Number } number when number.TryGetInt64(out long whole) => whole,
            { ValueKind: JsonValueKind.String } text when long.TryParse(text.GetString()?.Split(' ')[0], NumberStyles.None, CultureInfo.InvariantCulture, out long whole) => whole,
            _ => null,
        };
    }

    private static JsonElement? Find(JsonElement gpu, string section, string name) =>
        gpu.ValueKind == JsonValueKind.Object && gpu.TryGetProperty(section, out JsonElement found) && found.ValueKind == JsonValueKind.Object
        && found.TryGetProperty(name, out JsonElement value) ? value : null;
}

/// <summary>What amd-smi says of one GPU.</summary>
/// <param name="Name">Product name.</param>
/// <param name="Architecture">The compiler's name for it: <c>gfx942</c>.</param>
/// <param name="Serial">Its serial number.</param>
/// <param name="ComputeUnits">Compute units.</param>
/// <param name="MemoryBytes">Its memory in bytes.</param>
/// <param name="BusWidthBits">Width of its memory bus in bits.</param>
internal sealed record AmdSmiGpu(string? Name, string? Architecture, string? Serial, int? ComputeUnits, long? MemoryBytes, int? BusWidthBits)
{
    /// <summary>The GPU with what /sys did not tell.</summary>
    public GpuDevice Complete(GpuDevice gpu) => gpu with
    {
        Name = gpu.Name.StartsWith("AMD GPU ", StringComparison.Ordinal) && Name is not null ? Name : gpu.Name,
        Architecture = gpu.Architecture ?? Architecture,
        Uuid = gpu.Uuid ?? (Serial is null ? null : "GPU-" + Serial.Replace("0x", string.Empty, StringComparison.OrdinalIgnoreCase).ToLowerInvariant()),
        Cores = gpu.Cores ?? ComputeUnits,
        MemoryTotalBytes = gpu.MemoryTotalBytes > 0 ? gpu.MemoryTotalBytes : MemoryBytes ?? 0,
        MemoryBusWidthBits = gpu.MemoryBusWidthBits ?? BusWidthBits,
    };
}
