using System.Text;

namespace LlmOps.Models.Gguf;

/// <summary>Reads one entry of a file's tensor index.</summary>
internal static class GgufTensorReader
{
    // ggml's GGML_MAX_DIMS.
    private const int MostDimensions = 4;

    public static GgufTensor Read(ref GgufCursor cursor, int index)
    {
        ReadOnlySpan<byte> nameBytes = cursor.TakeString($"name of tensor {index}");
        int nameOffset = cursor.Offset - nameBytes.Length;
        int at = cursor.Offset;
        uint dimensions = cursor.TakeUInt32("dimensions");
        if (dimensions > MostDimensions)
        {
            throw cursor.Invalid($"tensor {Text(nameBytes)} has {dimensions} dimensions; {MostDimensions} are the most", at);
        }

        long rowLength = 1;
        long rows = 1;
        for (int i = 0; i < dimensions; i++)
        {
            int dimensionAt = cursor.Offset;
            ulong size = cursor.TakeUInt64("dimension");
            if (size > long.MaxValue || (i > 0 && Math.BigMul((ulong)rows, size) > long.MaxValue))
            {
                throw cursor.Invalid($"tensor {Text(nameBytes)} has an impossible dimension of {size}", dimensionAt);
            }

            (rowLength, rows) = i == 0 ? ((long)size, rows) : (rowLength, rows * (long)size);
        }

        int typeAt = cursor.Offset;
        uint number = cursor.TakeUInt32("type");
        GgmlType type = GgmlType.Find(number)
            ?? throw cursor.Invalid($"tensor {Text(nameBytes)} has the type {number}, which is not known here", typeAt);
        if (rowLength % type.BlockElements != 0)
        {
            throw cursor.Invalid($"tensor {Text(nameBytes)} has rows of {rowLength} elements, but {type.Name} stores blocks of {type.BlockElements}", at);
        }

        Int128 elements = (Int128)rowLength * rows;
        Int128 bytes = elements / type.BlockElements * type.BlockBytes;
        int offsetAt = cursor.Offset;
        ulong dataOffset = cursor.TakeUInt64("data offset");
        if (bytes > long.MaxValue || elements > long.MaxValue || dataOffset > long.MaxValue)
        {
            throw cursor.Invalid($"tensor {Text(nameBytes)} claims {bytes} bytes at data offset {dataOffset}", offsetAt);
        }

        return new GgufTensor(nameOffset, nameBytes.Length, number, rows, (long)elements, (long)bytes, (long)dataOffset);
    }

    private static string Text(ReadOnlySpan<byte> name) => Encoding.UTF8.GetString(name.Length <= 200 ? name : name[..200]);
}
