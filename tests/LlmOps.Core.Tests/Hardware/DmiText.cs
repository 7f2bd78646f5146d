using System.Buffers.Binary;
using System.Text;

namespace LlmOps.Core.Tests.Hardware;

/// <summary>A memory slot of a firmware table; size in MiB, 0 for an empty one.</summary>
internal sealed record DmiSlot(string Name, int Mebibytes, byte Type, int Speed, string Bank = "");

/// <summary>Writes firmware tables as DMTF DSP0134 lays them out.</summary>
internal static class DmiText
{
    public static byte[] Table(IEnumerable<DmiSlot> slots)
    {
        List<byte> table = [.. new byte[] { 0, 4, 0, 0 }, 0, 0];
        foreach (DmiSlot slot in slots)
        {
            byte[] structure = new byte[0x5C];
            structure[0] = 17;
            structure[1] = (byte)structure.Length;
            Put(structure, 0x08, 72);
            Put(structure, 0x0A, 64);
            Put(structure, 0x0C, slot.Mebibytes >= 0x7FFF ? 0x7FFF : slot.Mebibytes);
            structure[0x10] = 1;
            structure[0x11] = (byte)(slot.Bank.Length > 0 ? 2 : 0);
            structure[0x12] = slot.Type;
            Put(structure, 0x15, slot.Speed + 267);
            BinaryPrimitives.WriteInt32LittleEndian(structure.AsSpan(0x1C), slot.Mebibytes);
            Put(structure, 0x20, slot.Speed);
            table.AddRange(structure);
            table.AddRange(Encoding.ASCII.GetBytes(slot.Bank.Length > 0 ? $"{slot.Name}\0{slot.Bank}\0\0" : $"{slot.Name}\0\0"));
        }

        return [.. table, 127, 4, 0, 0, 0, 0];
    }

    private static void Put(byte[] structure, int offset, int word) => BinaryPrimitives.WriteUInt16LittleEndian(structure.AsSpan(offset), (ushort)word);
}
