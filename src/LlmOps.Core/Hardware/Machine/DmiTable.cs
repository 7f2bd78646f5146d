using System.Buffers.Binary;
using System.Text;

namespace LlmOps.Hardware.Machine;

/// <summary>Reads memory modules from the firmware's table, which the kernel shows to root only.</summary>
/// <remarks>Source of the offsets: DMTF DSP0134 (SMBIOS), 7.18 "Memory Device (Type 17)".</remarks>
internal static class DmiTable
{
    private const byte MemoryDevice = 17;
    private const byte EndOfTable = 127;

    /// <summary>The modules of a table. One that is cut off gives the modules before the cut; slots without a module are left out.</summary>
    public static IReadOnlyList<DmiModule> ReadModules(ReadOnlySpan<byte> table)
    {
        List<DmiModule> modules = [];
        while (table.Length >= 4 && table[0] != EndOfTable && table[1] >= 4 && table[1] <= table.Length)
        {
            ReadOnlySpan<byte> structure = table[..table[1]];
            ReadOnlySpan<byte> rest = table[table[1]..];
            int end = rest.IndexOf("\0\0"u8);
            if (end < 0)
            {
                break;
            }

            if (structure[0] == MemoryDevice && ReadModule(structure, rest[..end]) is { } module)
            {
                modules.Add(module);
            }

            table = rest[(end + 2)..];
        }

        return modules;
    }

    private static DmiModule? ReadModule(ReadOnlySpan<byte> structure, ReadOnlySpan<byte> strings)
    {
        long size = Word(structure, 0x0C) switch
        {
            null or 0 or 0xFFFF => 0,
            0x7FFF => (Double(structure, 0x1C) & 0x7FFF_FFFF) * Bytes.MiB ?? 0,
            { } kibibytes when (kibibytes & 0x8000) != 0 => (kibibytes & 0x7FFF) * Bytes.KiB,
            { } mebibytes => mebibytes * Bytes.MiB,
        };
        if (size == 0)
        {
            return null;
        }

        int? width = Word(structure, 0x0A);
        return new DmiModule(
            new MemoryModule(Text(structure, 0x10, strings), size, TypeName(structure.Length > 0x12 ? structure[0x12] : (byte)0), Speed(structure)),
            Text(structure, 0x11, strings),
            width is > 0 and < 0xFFFF ? width : null);
    }

    /// <summary>The speed it runs at; where the firmware does not say, the speed it is made for.</summary>
    private static int? Speed(ReadOnlySpan<byte> structure) =>
        Known(Word(structure, 0x20), Double(structure, 0x58)) ?? Known(Word(structure, 0x15), Double(structure, 0x54));

    private static int? Known(int? word, long? extended) => word switch
    {
        null or 0 => null,
        0xFFFF => (int?)(extended is > 0 ? extended & 0x7FFF_FFFF : null),
        _ => word,
    };

    private static string? TypeName(byte number) => number switch
    {
        0x14 => "DDR2",
        0x18 => "DDR3",
        0x1A => "DDR4",
        0x1B => "LPDDR",
        0x1C => "LPDDR2",
        0x1D => "LPDDR3",
        0x1E => "LPDDR4",
        0x20 or 0x21 => "HBM",
        0x22 => "DDR5",
        0x23 => "LPDDR5",
        0x24 => "HBM3",
        _ => null,
    };

    private static int? Word(ReadOnlySpan<byte> structure, int offset) =>
        structure.Length >= offset + 2 ? BinaryPrimitives.ReadUInt16LittleEndian(structure[offset..]) : null;

    private static long? Double(ReadOnlySpan<byte> structure, int offset) =>
        structure.Length >= offset + 4 ? BinaryPrimitives.ReadUInt32LittleEndian(structure[offset..]) : null;

    /// <summary>The string with the number that stands at <paramref name="offset"/>, counted from 1; null for 0.</summary>
    private static string? Text(ReadOnlySpan<byte> structure, int offset, ReadOnlySpan<byte> strings)
    {
        int number = structure.Length > offset ? structure[offset] : 0;
        for (; number > 1; number--)
        {
            int end = strings.IndexOf((byte)0);
            if (end < 0)
            {
                return null;
            }

            strings = strings[(end + 1)..];
        }

        int length = strings.IndexOf((byte)0);
        string text = number == 0 ? string.Empty : Encoding.Latin1.GetString(length < 0 ? strings : strings[..length]).Trim();
        return text.Length == 0 ? null : text;
    }
}

/// <summary>A module as the firmware's table has it.</summary>
/// <param name="Module">What it is.</param>
/// <param name="Bank">The bank's name, which often tells the channel: <c>P0 CHANNEL A</c>.</param>
/// <param name="DataWidthBits">Its width in bits, without those for error correction.</param>
internal sealed record DmiModule(MemoryModule Module, string? Bank, int? DataWidthBits);
