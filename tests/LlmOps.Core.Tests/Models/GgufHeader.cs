using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace LlmOps.Core.Tests.Models;

/// <summary>Builds the bytes of a GGUF file without the product's writer: any version, either byte order, any mistake.</summary>
internal sealed class GgufHeader
{
    private readonly ArrayBufferWriter<byte> _pairs = new();
    private readonly ArrayBufferWriter<byte> _tensors = new();
    private ulong _pairCount;
    private ulong _tensorCount;
    private ulong _dataLength;

    public uint Version { get; init; } = 3;

    public bool IsBigEndian { get; init; }

    public ulong? ClaimedTensors { get; init; }

    public ulong? ClaimedPairs { get; init; }

    public string Architecture { get; init; } = "llama";

    /// <summary>A header with the keys that every model has.</summary>
    public static GgufHeader ForModel(string architecture, int layers, int embedding = 64, int heads = 4) => new GgufHeader { Architecture = architecture }
        .Text("general.architecture", architecture)
        .Number($"{architecture}.block_count", layers)
        .Number($"{architecture}.embedding_length", embedding)
        .Number($"{architecture}.attention.head_count", heads);

    public GgufHeader Text(string key, string value)
    {
        Begin(key, 8);
        Write(_pairs, value);
        return this;
    }

    public GgufHeader Number(string key, int value)
    {
        Begin(key, 4);
        Write(_pairs, (uint)value);
        return this;
    }

    /// <summary>A number below the architecture's name.</summary>
    public GgufHeader Own(string name, int value) => Number($"{Architecture}.{name}", value);

    /// <summary>An array below the architecture's name.</summary>
    public GgufHeader Own(string name, params int[] values) => Numbers($"{Architecture}.{name}", values);

    public GgufHeader Numbers(string key, params int[] values)
    {
        Begin(key, 9);
        Write(_pairs, 5u);
        Write(_pairs, (ulong)values.Length);
        foreach (int value in values)
        {
            Write(_pairs, (uint)value);
        }

        return this;
    }

    public GgufHeader Flags(string key, params bool[] values)
    {
        Begin(key, 9);
        Write(_pairs, 7u);
        Write(_pairs, (ulong)values.Length);
        foreach (bool value in values)
        {
            _pairs.Write([value ? (byte)1 : (byte)0]);
        }

        return this;
    }

    public GgufHeader Texts(string key, IEnumerable<string> values)
    {
        string[] all = [.. values];
        Begin(key, 9);
        Write(_pairs, 8u);
        Write(_pairs, (ulong)all.Length);
        foreach (string value in all)
        {
            Write(_pairs, value);
        }

        return this;
    }

    /// <summary>A pair whose type and bytes are as given, right or wrong.</summary>
    public GgufHeader Raw(string key, uint type, params byte[] value)
    {
        Begin(key, type);
        _pairs.Write(value);
        return this;
    }

    /// <summary>A tensor of <paramref name="bytes"/> bytes; its data follows that of the one before.</summary>
    public GgufHeader Tensor(string name, uint type, ulong bytes, params ulong[] shape)
    {
        Write(_tensors, name);
        Write(_tensors, (uint)shape.Length);
        foreach (ulong size in shape)
        {
            Write(_tensors, size);
        }

        Write(_tensors, type);
        Write(_tensors, _dataLength);
        _dataLength += (bytes + 31) / 32 * 32;
        _tensorCount++;
        return this;
    }

    /// <summary>Writes the header, padded, and a hole where the tensors' data would be.</summary>
    /// <returns>The header's length, and the whole file's.</returns>
    public (long Header, long Whole) WriteSparse(string path)
    {
        ulong data = _dataLength;
        _dataLength = 0;
        byte[] header = ToBytes();
        _dataLength = data;
        using FileStream file = File.Create(path);
        file.Write(header);
        file.SetLength(header.Length + (long)data);
        return (header.Length, file.Length);
    }

    /// <summary>The header, padded, and the tensors' data as zeros.</summary>
    public byte[] ToBytes()
    {
        ArrayBufferWriter<byte> file = new();
        file.Write("GGUF"u8);
        Write(file, Version);
        Write(file, ClaimedTensors ?? _tensorCount);
        Write(file, ClaimedPairs ?? _pairCount);
        file.Write(_pairs.WrittenSpan);
        file.Write(_tensors.WrittenSpan);
        byte[] bytes = new byte[((file.WrittenCount + 31) / 32 * 32) + (int)_dataLength];
        file.WrittenSpan.CopyTo(bytes);
        return bytes;
    }

    private void Begin(string key, uint type)
    {
        Write(_pairs, key);
        Write(_pairs, type);
        _pairCount++;
    }

    private void Write(ArrayBufferWriter<byte> buffer, string value)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(value);
        Write(buffer, (ulong)bytes.Length);
        buffer.Write(bytes);
    }

    private void Write(ArrayBufferWriter<byte> buffer, uint value)
    {
        byte[] bytes = new byte[4];
        if (IsBigEndian)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        }
        else
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        }

        buffer.Write(bytes);
    }

    private void Write(ArrayBufferWriter<byte> buffer, ulong value)
    {
        byte[] bytes = new byte[8];
        if (IsBigEndian)
        {
            BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        }
        else
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        }

        buffer.Write(bytes);
    }
}
