using System.Text;

namespace LlmOps.Models.Gguf;

/// <summary>One GGUF file, its header read and checked against its length.</summary>
/// <remarks>Format: ggml <c>docs/gguf.md</c>, versions 2 and 3, both byte orders.</remarks>
internal sealed class GgufFile : IDisposable
{
    private const int DefaultAlignment = 32;

    // Smallest possible elements: a key's length, its type and one byte; a name's length, dimensions, type and offset.
    private const int SmallestPair = 8 + 4 + 1;
    private const int SmallestTensor = 8 + 4 + 4 + 8;

    // Far more than any model has, so that a header of a huge file cannot ask for huge tables. Keys: the format's own limit.
    private const int MostTensors = 1 << 20;
    private const int MostPairs = 1 << 16;
    private const int MostElements = 1 << 24;
    private const int LongestKey = ushort.MaxValue;

    private readonly GgufSource _source;

    private GgufFile(GgufSource source, GgufMetadata metadata, IReadOnlyList<GgufTensor> tensors)
    {
        _source = source;
        Metadata = metadata;
        Tensors = tensors;
    }

    public string Path => _source.Path;

    public GgufMetadata Metadata { get; }

    public IReadOnlyList<GgufTensor> Tensors { get; }

    /// <summary>What is missing of the tensors' data, as a sentence; null when nothing is.</summary>
    public string? Defect { get; private set; }

    /// <param name="path">The file.</param>
    /// <param name="allowIncomplete">Whether a file whose tensors' data is missing is opened all the same.</param>
    /// <exception cref="ModelFormatException">The file is no GGUF file, is damaged or is cut short.</exception>
    public static GgufFile Open(string path, bool allowIncomplete = false)
    {
        GgufSource source = GgufSource.Open(path);
        try
        {
            GgufCursor cursor = new(source);
            ReadPreamble(ref cursor, path);
            int tensorCount = cursor.TakeCount(SmallestTensor, MostTensors, "tensor count");
            int pairCount = cursor.TakeCount(SmallestPair, MostPairs, "metadata count");
            GgufMetadata metadata = new(source, cursor.IsBigEndian);
            for (int i = 0; i < pairCount; i++)
            {
                ReadPair(ref cursor, metadata);
            }

            List<GgufTensor> tensors = new(Math.Min(tensorCount, 4096));
            HashSet<ulong> names = new(tensors.Capacity);
            for (int i = 0; i < tensorCount; i++)
            {
                tensors.Add(GgufTensorReader.Read(ref cursor, i, names));
            }

            GgufFile file = new(source, metadata, tensors);
            file.CheckData(cursor.Offset, allowIncomplete);
            return file;
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    public ReadOnlySpan<byte> Name(GgufTensor tensor) => _source.At(tensor.NameOffset, tensor.NameLength);

    public void Dispose() => _source.Dispose();

    private static void ReadPreamble(ref GgufCursor cursor, string path)
    {
        if (cursor.Remaining < 4 || !cursor.Take(4, "magic").SequenceEqual("GGUF"u8))
        {
            throw ForeignFile.Explain(path);
        }

        uint version = cursor.TakeUInt32("version");

        // Only the byte order can put the small version number into the upper half.
        if ((version & 0xFFFF) == 0 && version != 0)
        {
            cursor.IsBigEndian = true;
            version = System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(version);
        }

        if (version is not (2 or 3))
        {
            throw new ModelFormatException(
                path,
                version == 1
                    ? "GGUF version 1, which no current engine reads; convert the model again"
                    : $"GGUF version {version}; versions 2 and 3 can be read: update LlmOps, or convert the model again",
                "ModelVersionUnsupported",
                4);
        }
    }

    private static void ReadPair(ref GgufCursor cursor, GgufMetadata metadata)
    {
        long at = cursor.Offset;
        string key = Encoding.UTF8.GetString(cursor.TakeString("a key", LongestKey));
        long typeAt = cursor.Offset;
        GgufValueType type = (GgufValueType)cursor.TakeUInt32(key);
        GgufValue value = type == GgufValueType.Array
            ? ReadArray(ref cursor, key)
            : new GgufValue(type, type, 1, cursor.Offset);
        if (type == GgufValueType.String)
        {
            cursor.SkipString(key);
        }
        else if (type != GgufValueType.Array)
        {
            int size = GgufValueTypes.FixedSize(type);
            cursor.Skip(size > 0 ? (ulong)size : throw cursor.Invalid($"{key} has the unknown type {(uint)type}", typeAt), key);
        }

        if (!metadata.TryAdd(key, value))
        {
            throw cursor.Invalid($"the key {key} appears twice", at);
        }
    }

    private static GgufValue ReadArray(ref GgufCursor cursor, string key)
    {
        long typeAt = cursor.Offset;
        GgufValueType element = (GgufValueType)cursor.TakeUInt32(key);
        if (element == GgufValueType.String)
        {
            int count = cursor.TakeCount(8, MostElements, key);
            GgufValue strings = new(GgufValueType.Array, element, count, cursor.Offset);
            cursor.SkipStrings(count, key);
            return strings;
        }

        int size = GgufValueTypes.FixedSize(element);
        if (size == 0)
        {
            throw cursor.Invalid($"{key} is an array of the type {(uint)element}, which arrays cannot hold", typeAt);
        }

        int length = cursor.TakeCount(size, int.MaxValue, key);
        GgufValue numbers = new(GgufValueType.Array, element, length, cursor.Offset);
        cursor.Skip((ulong)length * (ulong)size, key);
        return numbers;
    }

    /// <summary>Checks that the data of every tensor lies within the file.</summary>
    private void CheckData(long headerEnd, bool allowIncomplete)
    {
        long alignment = Metadata.Integer("general.alignment") ?? DefaultAlignment;
        if (alignment is <= 0 or > 1 << 20 || !long.IsPow2(alignment))
        {
            throw Metadata.Invalid("general.alignment", $"{alignment} is not a power of two up to 2^20");
        }

        long start = (headerEnd + alignment - 1) / alignment * alignment;
        long present = Math.Max(0, _source.Length - start);
        GgufTensor? first = null;
        long needed = 0;
        foreach (GgufTensor tensor in Tensors)
        {
            long end = tensor.DataOffset > long.MaxValue - tensor.Bytes ? long.MaxValue : tensor.DataOffset + tensor.Bytes;
            needed = Math.Max(needed, end);
            if (end > present && (first is null || tensor.DataOffset < first.Value.DataOffset))
            {
                first = tensor;
            }
        }

        if (first is { } cut)
        {
            string problem = $"the file is cut short: tensor {Encoding.UTF8.GetString(Name(cut))} and those after it need {needed} bytes of data, {present} are there";
            Defect = allowIncomplete ? problem : throw new ModelFormatException(Path, $"{problem}; download it again", "ModelTruncated", _source.Length);
        }
    }
}
