using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace LlmOps.Models.Gguf;

/// <summary>Writes a GGUF file, version 3: metadata first, then tensors, whose data is made only when its turn comes.</summary>
internal sealed class GgufWriter
{
    private const int Alignment = 32;

    private readonly ArrayBufferWriter<byte> _pairs = new();
    private readonly List<(string Name, int[] Shape, uint Type, long Bytes, Func<float[]> Values)> _tensors = [];
    private long _pairCount;

    public void Add(string key, string value)
    {
        Begin(key, GgufValueType.String);
        Write(_pairs, value);
    }

    public void Add(string key, uint value)
    {
        Begin(key, GgufValueType.UInt32);
        Write(_pairs, value);
    }

    public void Add(string key, float value)
    {
        Begin(key, GgufValueType.Float32);
        Write(_pairs, BitConverter.SingleToUInt32Bits(value));
    }

    public void Add(string key, IReadOnlyCollection<string> values)
    {
        BeginArray(key, GgufValueType.String, values.Count);
        foreach (string value in values)
        {
            Write(_pairs, value);
        }
    }

    public void Add(string key, IReadOnlyCollection<float> values)
    {
        BeginArray(key, GgufValueType.Float32, values.Count);
        foreach (float value in values)
        {
            Write(_pairs, BitConverter.SingleToUInt32Bits(value));
        }
    }

    public void Add(string key, IReadOnlyCollection<int> values)
    {
        BeginArray(key, GgufValueType.Int32, values.Count);
        foreach (int value in values)
        {
            Write(_pairs, (uint)value);
        }
    }

    /// <summary>Adds a tensor of type F32, F16 or Q8_0, by its number.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <param name="shape">Dimensions, the row's length first.</param>
    /// <param name="type">The type's number.</param>
    /// <param name="values">Makes the values, row by row.</param>
    public void AddTensor(string name, int[] shape, uint type, Func<float[]> values)
    {
        GgmlType layout = GgmlType.Find(type)!;
        long elements = shape.Aggregate(1L, (product, size) => product * size);
        _tensors.Add((name, shape, type, elements / layout.BlockElements * layout.BlockBytes, values));
    }

    public void WriteTo(Stream output)
    {
        ArrayBufferWriter<byte> header = new();
        header.Write("GGUF"u8);
        Write(header, 3u);
        Write(header, (ulong)_tensors.Count);
        Write(header, (ulong)_pairCount);
        header.Write(_pairs.WrittenSpan);
        long offset = 0;
        foreach ((string name, int[] shape, uint type, long bytes, _) in _tensors)
        {
            Write(header, name);
            Write(header, (uint)shape.Length);
            foreach (int size in shape)
            {
                Write(header, (ulong)size);
            }

            Write(header, type);
            Write(header, (ulong)offset);
            offset += Padded(bytes);
        }

        header.Write(new byte[Padded(header.WrittenCount) - header.WrittenCount]);
        output.Write(header.WrittenSpan);
        foreach ((_, _, uint type, long bytes, Func<float[]> values) in _tensors)
        {
            byte[] data = new byte[Padded(bytes)];
            TensorEncoder.Encode(values(), type, data);
            output.Write(data);
        }
    }

    private static long Padded(long length) => (length + Alignment - 1) / Alignment * Alignment;

    private static void Write(ArrayBufferWriter<byte> buffer, uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        buffer.Write(bytes);
    }

    private static void Write(ArrayBufferWriter<byte> buffer, ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        buffer.Write(bytes);
    }

    private static void Write(ArrayBufferWriter<byte> buffer, string value)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(value);
        Write(buffer, (ulong)bytes.Length);
        buffer.Write(bytes);
    }

    private void Begin(string key, GgufValueType type)
    {
        Write(_pairs, key);
        Write(_pairs, (uint)type);
        _pairCount++;
    }

    private void BeginArray(string key, GgufValueType element, int count)
    {
        Begin(key, GgufValueType.Array);
        Write(_pairs, (uint)element);
        Write(_pairs, (ulong)count);
    }
}
