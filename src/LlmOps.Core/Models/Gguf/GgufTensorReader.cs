using System.Text;

namespace LlmOps.Models.Gguf;

/// <summary>Reads one entry of a file's tensor index.</summary>
internal static class GgufTensorReader
{
    // ggml's GGML_MAX_DIMS.
    private const int MostDimensions = 4;

    // Far longer than any name; ggml itself allows 63 bytes.
    private const int LongestName = 1024;

    /// <param name="cursor">Where it is read from.</param>
    /// <param name="index">Its number.</param>
    /// <param name="names">Hashes of the names before it.</param>
    public static GgufTensor Read(ref GgufCursor cursor, int index, HashSet<ulong> names)
    {
        // The bytes stay only until the next read, the text is needed only for errors.
        Span<byte> nameBytes = stackalloc byte[LongestName];
        long start = cursor.Offset;
        ReadOnlySpan<byte> read = cursor.TakeString("name of a tensor", LongestName);
        nameBytes = nameBytes[..read.Length];
        read.CopyTo(nameBytes);
        if (!names.Add(Hash(read)))
        {
            throw cursor.Invalid($"the tensor {Text(read)}, number {index}, appears twice", start);
        }

        long nameOffset = cursor.Offset - nameBytes.Length;
        long at = cursor.Offset;
        uint dimensions = cursor.TakeUInt32("dimensions");
        if (dimensions > MostDimensions)
        {
            throw cursor.Invalid($"tensor {Text(nameBytes)} has {dimensions} dimensions; {MostDimensions} are the most", at);
        }

        long rowLength = 1;
        long rows = 1;
        for (int i = 0; i < dimensions; i++)
        {
            long dimensionAt = cursor.Offset;
            ulong size = cursor.TakeUInt64("dimension");
            if (size > long.MaxValue || (i > 0 && Math.BigMul((ulong)rows, size) > long.MaxValue))
            {
                throw cursor.Invalid($"tensor {Text(nameBytes)} has an impossible dimension of {size}", dimensionAt);
            }

            (rowLength, rows) = i == 0 ? ((long)size, rows) : (rowLength, rows * (long)size);
        }

        long typeAt = cursor.Offset;
        uint number = cursor.TakeUInt32("type");
        GgmlType type = GgmlType.Find(number)
            ?? throw cursor.Invalid($"tensor {Text(nameBytes)} has the type {number}, which is not known here", typeAt);
        if (rowLength % type.BlockElements != 0)
        {
            throw cursor.Invalid($"tensor {Text(nameBytes)} has rows of {rowLength} elements, but {type.Name} stores blocks of {type.BlockElements}", at);
        }

        Int128 elements = (Int128)rowLength * rows;
        Int128 bytes = elements / type.BlockElements * type.BlockBytes;
        long offsetAt = cursor.Offset;
        ulong dataOffset = cursor.TakeUInt64("data offset");
        if (bytes > long.MaxValue || elements > long.MaxValue || dataOffset > long.MaxValue)
        {
            throw cursor.Invalid($"tensor {Text(nameBytes)} claims {bytes} bytes at data offset {dataOffset}", offsetAt);
        }

        return new GgufTensor(nameOffset, nameBytes.Length, number, rows, (long)elements, (long)bytes, (long)dataOffset);
    }

    // FNV-1a.
    private static ulong Hash(ReadOnlySpan<byte> name)
    {
        ulong hash = 14695981039346656037;
        foreach (byte letter in name)
        {
            hash = (hash ^ letter) * 1099511628211;
        }

        return hash;
    }

    private static string Text(ReadOnlySpan<byte> name) => Encoding.UTF8.GetString(name.Length <= 200 ? name : name[..200]);
}
