using System.Buffers.Binary;

namespace LlmOps.Models.Gguf;

/// <summary>Reads a GGUF header from front to back. It alone owns the offset; every read names its field for the error.</summary>
internal ref struct GgufCursor
{
    // Longer than any real header: a length beyond it is nonsense, a shorter one that does not fit is a file cut short.
    private const ulong Implausible = 1UL << 32;

    private readonly ReadOnlySpan<byte> _data;
    private readonly string _path;
    private int _offset;

    public GgufCursor(ReadOnlySpan<byte> data, string path, int offset = 0, bool bigEndian = false)
    {
        _data = data;
        _path = path;
        _offset = offset;
        IsBigEndian = bigEndian;
    }

    public bool IsBigEndian { get; set; }

    public readonly int Offset => _offset;

    public readonly int Remaining => _data.Length - _offset;

    public ReadOnlySpan<byte> Take(ulong size, string field)
    {
        if (size > (ulong)Remaining)
        {
            throw TooShort(size, field);
        }

        ReadOnlySpan<byte> taken = _data.Slice(_offset, (int)size);
        _offset += (int)size;
        return taken;
    }

    public byte TakeByte(string field) => Take(1, field)[0];

    public ushort TakeUInt16(string field)
    {
        ReadOnlySpan<byte> bytes = Take(2, field);
        return IsBigEndian ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes);
    }

    public uint TakeUInt32(string field)
    {
        ReadOnlySpan<byte> bytes = Take(4, field);
        return IsBigEndian ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }

    public ulong TakeUInt64(string field)
    {
        ReadOnlySpan<byte> bytes = Take(8, field);
        return IsBigEndian ? BinaryPrimitives.ReadUInt64BigEndian(bytes) : BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    /// <summary>A string's bytes, without copying them.</summary>
    public ReadOnlySpan<byte> TakeString(string field) => Take(TakeUInt64(field), field);

    /// <summary>A count, which must be possible: its elements, at their smallest, must fit in what remains.</summary>
    public int TakeCount(int smallestElement, string field)
    {
        int at = _offset;
        ulong count = TakeUInt64(field);
        return count <= (ulong)(Remaining / smallestElement)
            ? (int)count
            : throw Invalid($"{field} claims {count} elements of at least {smallestElement} bytes, but {Remaining} bytes remain", at);
    }

    /// <summary>Steps over <paramref name="count"/> strings and touches nothing but their lengths.</summary>
    public void SkipStrings(int count, string field)
    {
        // Vocabularies have hundreds of thousands of strings: the good case is kept to a read, a comparison and an addition.
        ReadOnlySpan<byte> data = _data;
        int offset = _offset;
        for (int i = 0; i < count; i++)
        {
            if (data.Length - offset < 8)
            {
                _offset = offset;
                throw TooShort(8, field);
            }

            ulong length = BinaryPrimitives.ReadUInt64LittleEndian(data[offset..]);
            length = IsBigEndian ? BinaryPrimitives.ReverseEndianness(length) : length;
            offset += 8;
            if (length > (ulong)(data.Length - offset))
            {
                _offset = offset;
                throw TooShort(length, field);
            }

            offset += (int)length;
        }

        _offset = offset;
    }

    public readonly ModelFormatException Invalid(string problem, int offset) =>
        new(_path, $"damaged GGUF header at offset {offset}: {problem}; download the file again", "ModelInvalid", offset);

    private readonly ModelFormatException TooShort(ulong size, string field) => size >= Implausible
        ? Invalid($"{field} claims {size} bytes, but {Remaining} remain", _offset)
        : new ModelFormatException(
            _path, $"the file ends inside its header: {field} wants {size} bytes at offset {_offset}, {Remaining} remain; download the file again", "ModelTruncated", _offset);
}
