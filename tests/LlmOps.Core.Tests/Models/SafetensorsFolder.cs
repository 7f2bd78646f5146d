using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;

namespace LlmOps.Core.Tests.Models;

/// <summary>Writes model folders without the product's code: headers, and data as holes that take no room on disk.</summary>
internal sealed class SafetensorsFolder
{
    private readonly JsonObject _header = [];
    private long _data;

    public JsonObject Header => _header;

    public long DataBytes => _data;

    public SafetensorsFolder Tensor(string name, string type, params long[] shape)
    {
        int bits = type switch { "F32" or "I32" => 32, "F16" or "BF16" => 16, "I64" => 64, _ => 8 };
        long bytes = shape.Aggregate(1L, (product, size) => product * size) * bits / 8;
        _header[name] = new JsonObject
        {
            ["dtype"] = type,
            ["shape"] = new JsonArray([.. shape.Select(size => (JsonNode)size)]),
            ["data_offsets"] = new JsonArray(_data, _data + bytes),
        };
        _data += bytes;
        return this;
    }

    /// <summary>The header with its length before it.</summary>
    public byte[] Head() => Head(_header.ToJsonString());

    public static byte[] Head(string json)
    {
        byte[] text = Encoding.UTF8.GetBytes(json);
        byte[] bytes = new byte[8 + text.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, (ulong)text.Length);
        text.CopyTo(bytes, 8);
        return bytes;
    }

    /// <param name="path">The file.</param>
    /// <param name="withData">Whether the data follows, or the file ends behind its header.</param>
    public void Write(string path, bool withData = true)
    {
        using FileStream file = File.Create(path);
        file.Write(Head());
        file.SetLength(file.Length + (withData ? _data : 0));
    }

    /// <summary>An index over files that hold these tensors.</summary>
    public static string Index(params ReadOnlySpan<(string File, SafetensorsFolder Content)> files)
    {
        JsonObject map = [];
        long total = 0;
        foreach ((string file, SafetensorsFolder content) in files)
        {
            total += content._data;
            foreach (KeyValuePair<string, JsonNode?> tensor in content._header)
            {
                map[tensor.Key] = file;
            }
        }

        return new JsonObject { ["metadata"] = new JsonObject { ["total_size"] = total }, ["weight_map"] = map }.ToJsonString();
    }
}
