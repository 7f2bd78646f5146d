using System.Globalization;

namespace LlmOps.Hardware.Pci;

/// <summary>What PCIe generations and widths mean in bytes a second, and how /sys writes them.</summary>
internal static class PcieSpeed
{
    /// <summary>What is left of the raw rate after packet headers and flow control, as host-to-device copies show it: 12 to 13 of 15.75 GB/s.</summary>
    private const double Efficiency = 0.8;

    /// <summary>The generation of <c>8.0 GT/s PCIe</c>; null for <c>Unknown</c> and the like.</summary>
    public static int? Generation(string? text)
    {
        int end = text?.IndexOf(' ', StringComparison.Ordinal) ?? -1;
        string number = end < 0 ? text ?? string.Empty : text![..end];
        return double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double gigatransfers)
            ? gigatransfers switch { 2.5 => 1, 5 => 2, 8 => 3, 16 => 4, 32 => 5, 64 => 6, 128 => 7, _ => null }
            : null;
    }

    /// <summary>The lanes of <c>16</c>; null for 0 and for 255, which the kernel writes when it does not know.</summary>
    public static int? Width(string? text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int lanes) && lanes is > 0 and <= 32 ? lanes : null;

    /// <summary>Bytes a second in one direction that a link can be expected to carry.</summary>
    /// <returns>Raw rate a lane × lanes × line code × 0.8; null when the generation or the width is unknown.</returns>
    public static long? BytesPerSecond(int? generation, int? width)
    {
        // Gbit/s a lane times the share that is data: 8b/10b up to generation 2, 128b/130b up to 5, flits (242 of 256 bytes) after that.
        double? gigabits = generation switch
        {
            1 => 2.5 * 8 / 10,
            2 => 5.0 * 8 / 10,
            3 => 8.0 * 128 / 130,
            4 => 16.0 * 128 / 130,
            5 => 32.0 * 128 / 130,
            6 => 64.0 * 242 / 256,
            7 => 128.0 * 242 / 256,
            _ => null,
        };
        return (long?)(gigabits * 1e9 / 8 * width * Efficiency);
    }

    /// <summary>Bytes a second between two devices: the slower one's way to the host.</summary>
    public static long? Between(PcieLink? a, PcieLink? b) =>
        (OneWay(a), OneWay(b)) is ({ } first, { } second) ? Math.Min(first, second) : null;

    private static long? OneWay(PcieLink? link) => link?.BytesPerSecond ?? BytesPerSecond(link?.MaxGeneration, link?.MaxWidth);
}
