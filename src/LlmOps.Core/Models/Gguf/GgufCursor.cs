using System.Buffers.Binary;

namespace LlmOps.Models.Gguf;

/// <summary>Reads a GGUF header from front to back. It alone owns the offset; every read names its field for the error.</summary>
internal ref struct GgufCursor
{
    // Longer than any real header: a length beyond it is nonsense, a shorter one that does not fit is a file cut short.
    private const ulong Implausible = 1UL << 32;

    // Longer than any text that is wanted as a whole: keys, names, chat templates.
    private const int LongestText = 16 << 20;

    private readonly GgufSource _source;
    private long _offset;

    public GgufCursor(GgufSource source, long offset = 0, bool bigEndian = false)
    {
        _source = source;
        _offset = offset;
        IsBigEndian = bigEndian;
    }

    public bool IsBigEndian { get; set; }

    public readonly long Offset => _offset;

    public readonly long Remaining => _source.Length - _offset;

    /// <summary>The next bytes; valid until the next read.</summary>
    public ReadOnlySpan<byte> Take(int size, string field)
    {
        if (size > Remaining)
        {
            throw TooShort((ulong)size, field);
        }

        ReadOnlySpan<byte> taken = _source.At(_offset, size);
        _offset += size;
        return taken;
    }

    /// <summary>Steps over bytes without loading them.</summary>
    public void Skip(ulong size, string field)
    {
        if (size > (ulong)Remaining)
        {
            throw TooShort(size, field);
        }

        _offset += (long)size;
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

    /// <summary>A string's bytes; valid until the next read.</summary>
    public ReadOnlySpan<byte> TakeString(string field, int longest = LongestText)
    {
        long at = _offset;
        ulong length = TakeUInt64(field);
        return length <= (ulong)longest ? Take((int)length, field)
            : length > (ulong)Remaining ? throw TooShort(length, field)
            : throw Invalid($"{field} has {length} bytes; {longest} are the most", at);
    }

    /// <summary>Steps over a string.</summary>
    public void SkipString(string field) => Skip(TakeUInt64(field), field);

    /// <summary>A count, which must be possible: its elements, at their smallest, must fit in what remains.</summary>
    public int TakeCount(int smallestElement, int most, string field)
    {
        long at = _offset;
        ulong count = TakeUInt64(field);
        return count > (ulong)(Remaining / smallestElement)
            ? throw Invalid($"{field} claims {count} elements of at least {smallestElement} bytes, but {Remaining} bytes remain", at)
            : count <= (ulong)most ? (int)count
            : throw Invalid($"{field} claims {count} elements; {most} are the most", at);
    }

    /// <summary>Steps over <paramref name="count"/> strings and looks at nothing but their lengths.</summary>
    public void SkipStrings(int count, string field)
    {
        // Vocabularies have hundreds of thousands of strings: the good case is kept to a read, a comparison and an addition.
        while (count > 0)
        {
            if (Remaining < 8)
            {
                throw TooShort(8, field);
            }

            ReadOnlySpan<byte> data = _source.From(_offset, 8);
            int offset = 0;
            while (count > 0 && data.Length - offset >= 8)
            {
                ulong length = BinaryPrimitives.ReadUInt64LittleEndian(data[offset..]);
                length = IsBigEndian ? BinaryPrimitives.ReverseEndianness(length) : length;
                offset += 8;
                count--;
                if (length > (ulong)(data.Length - offset))
                {
                    // It goes on behind the window, or the file ends in it.
                    _offset += offset;
                    Skip(length, field);
                    offset = 0;
                    break;
                }

                offset += (int)length;
            }

            _offset += offset;
        }
    }

    public readonly ModelFormatException Invalid(string problem, long offset) =>
        new(_source.Path, $"damaged GGUF header at offset {offset}: {problem}; download the file again", "ModelInvalid", offset);

    private readonly ModelFormatException TooShort(ulong size, string field) => size >= Implausible
        ? Invalid($"{field} claims {size} bytes, but {Remaining} remain", _offset)
        : new ModelFormatException(
            _source.Path, $"the file ends inside its header: {field} wants {size} bytes at offset {_offset}, {Remaining} remain; download the file again", "ModelTruncated", _offset);
}
