using System.Globalization;
using LlmOps.Hardware.Pci;

namespace LlmOps.Hardware.Amd;

/// <summary>One node of the ROCm kernel driver's topology: a processor or a GPU.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Address">Its PCI address.</param>
/// <param name="Architecture">The compiler's name for it, for example <c>gfx1100</c>; null for a processor.</param>
/// <param name="ComputeUnits">Compute units; null for a processor.</param>
internal sealed record KfdNode(int Number, PciAddress Address, string? Architecture, int? ComputeUnits)
{
    public const string Folder = "/sys/devices/virtual/kfd/kfd/topology/nodes";

    public static IReadOnlyList<KfdNode> ReadAll(SystemFiles files) =>
        [.. files.ListNumbered(Folder, string.Empty).Select(node => Parse(node.Number, files.ReadText($"{Folder}/{node.Name}/properties") ?? string.Empty))];

    /// <summary>Reads the <c>name value</c> lines of a node.</summary>
    internal static KfdNode Parse(int number, string properties)
    {
        Dictionary<string, long> values = ReadValues(properties);

        // location_id is the bus in the upper and device and function in the lower byte.
        long location = values.GetValueOrDefault("location_id");
        PciAddress address = new((uint)values.GetValueOrDefault("domain"), (byte)(location >> 8), (byte)((location >> 3) & 31), (byte)(location & 7));
        
        // simd_count counts SIMD units, of which simd_per_cu make a compute unit.
        long units = values.GetValueOrDefault("simd_count") / Math.Max(values.GetValueOrDefault("simd_per_cu"), 1);
        return new KfdNode(number, address, GfxName(values.GetValueOrDefault("gfx_target_version")), units > 0 ? (int)units : null);
    }

    /// <summary>Reads <c>name value</c> lines.</summary>
    internal static Dictionary<string, long> ReadValues(string properties)
    {
        Dictionary<string, long> values = new(StringComparer.Ordinal);
        foreach (string line in properties.Split('\n'))
        {
            string[] words = line.Split(' ');
            if (words.Length == 2 && long.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out long value))
            {
                values[words[0]] = value;
            }
        }

        return values;
    }

    /// <summary>90010 is gfx90a: decimal major, and minor and stepping as one hexadecimal digit each.</summary>
    private static string? GfxName(long version) =>
        version == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"gfx{version / 10000}{version / 100 % 100:x}{version % 100:x}");
}
