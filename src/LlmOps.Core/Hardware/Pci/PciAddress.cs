using System.Globalization;

namespace LlmOps.Hardware.Pci;

/// <summary>A PCI address. NVML writes the domain with eight digits, the kernel with four.</summary>
internal readonly record struct PciAddress(uint Domain, byte Bus, byte Device, byte Function) : IComparable<PciAddress>
{
    /// <summary>Reads <c>0000:03:00.0</c> or <c>00000000:03:00.0</c>; null when it is neither.</summary>
    public static PciAddress? Parse(string? text)
    {
        string[] parts = text?.Trim().Split(':', '.') ?? [];
        return parts.Length == 4
            && Hex(parts[0], uint.MaxValue, out uint domain) && Hex(parts[1], byte.MaxValue, out uint bus)
            && Hex(parts[2], 31, out uint device) && Hex(parts[3], 7, out uint function)
            ? new PciAddress(domain, (byte)bus, (byte)device, (byte)function)
            : null;
    }

    /// <summary>As the topology shows it: <c>00000000:03:00.0</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Domain:X8}:{Bus:X2}:{Device:X2}.{Function:X}");

    /// <summary>As /sys names it: <c>0000:03:00.0</c>.</summary>
    public string SysfsName => string.Create(CultureInfo.InvariantCulture, $"{Domain:x4}:{Bus:x2}:{Device:x2}.{Function:x}");

    public int CompareTo(PciAddress other) =>
        (Domain, Bus, Device, Function).CompareTo((other.Domain, other.Bus, other.Device, other.Function));

    private static bool Hex(string text, uint limit, out uint number) =>
        uint.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out number) && number <= limit;
}
