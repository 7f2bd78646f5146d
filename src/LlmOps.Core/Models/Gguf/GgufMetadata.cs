using System.Text;

namespace LlmOps.Models.Gguf;

/// <summary>The metadata of a GGUF file: keys in memory, values read from the file when asked for.</summary>
internal sealed class GgufMetadata(GgufSource file, bool bigEndian)
{
    private const int MostNumbers = 1 << 16;

    private readonly Dictionary<string, GgufValue> _values = new(StringComparer.Ordinal);

    public bool IsBigEndian => bigEndian;

    public bool TryAdd(string key, GgufValue value) => _values.TryAdd(key, value);

    public bool Has(string key) => _values.ContainsKey(key);

    public IEnumerable<string> Keys => _values.Keys;

    public bool HasAny(string prefix) => _values.Keys.Any(key => key.StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>Elements of an array; null when the key is absent or not an array.</summary>
    public int? ArrayCount(string key) => _values.TryGetValue(key, out GgufValue value) && value.Type == GgufValueType.Array ? value.Count : null;

    /// <summary>A string, or null when the key is absent.</summary>
    public string? Text(string key)
    {
        if (!_values.TryGetValue(key, out GgufValue value))
        {
            return null;
        }

        GgufCursor cursor = At(value);
        return value.Type == GgufValueType.String
            ? Encoding.UTF8.GetString(cursor.TakeString(key))
            : throw WrongType(key, value, "a string");
    }

    /// <summary>A whole number, or null when the key is absent. Of an array (one value a layer) the largest.</summary>
    public long? Integer(string key)
    {
        long[]? values = Integers(key);
        return values is null or { Length: 0 } ? null : values.Max();
    }

    /// <summary>A number with a fraction, or null when the key is absent or the number is none.</summary>
    public double? Float(string key)
    {
        if (!_values.TryGetValue(key, out GgufValue value))
        {
            return null;
        }

        GgufCursor cursor = At(value);
        double number = value.Type switch
        {
            GgufValueType.Float32 => BitConverter.UInt32BitsToSingle(cursor.TakeUInt32(key)),
            GgufValueType.Float64 => BitConverter.UInt64BitsToDouble(cursor.TakeUInt64(key)),
            _ => Integer(key) ?? double.NaN,
        };
        return double.IsFinite(number) ? number : null;
    }

    /// <summary>A whole number from 0 to 2^31-1, or null when the key is absent.</summary>
    public int? Count(string key) => Integer(key) is not { } value ? null
        : value is >= 0 and <= int.MaxValue ? (int)value
        : throw Invalid(key, $"{value} is out of range");

    /// <summary>Whole numbers: those of an array, or the one value. Null when the key is absent.</summary>
    public long[]? Integers(string key)
    {
        if (!_values.TryGetValue(key, out GgufValue value))
        {
            return null;
        }

        GgufValueType element = value.Type == GgufValueType.Array ? value.ElementType : value.Type;
        GgufCursor cursor = At(value);

        // One number a layer, at most: nothing large is read by mistake.
        if (value.Count > MostNumbers)
        {
            throw Invalid(key, $"has {value.Count} elements; {MostNumbers} are the most");
        }

        long[] numbers = new long[value.Count];
        for (int i = 0; i < numbers.Length; i++)
        {
            numbers[i] = element switch
            {
                GgufValueType.UInt8 or GgufValueType.Bool => cursor.TakeByte(key),
                GgufValueType.Int8 => (sbyte)cursor.TakeByte(key),
                GgufValueType.UInt16 => cursor.TakeUInt16(key),
                GgufValueType.Int16 => (short)cursor.TakeUInt16(key),
                GgufValueType.UInt32 => cursor.TakeUInt32(key),
                GgufValueType.Int32 => (int)cursor.TakeUInt32(key),
                GgufValueType.UInt64 or GgufValueType.Int64 => (long)cursor.TakeUInt64(key),
                _ => throw WrongType(key, value, "a whole number"),
            };
        }

        return numbers;
    }

    /// <summary>One count a layer: from an array, or the one value for all of them. Null when the key is absent.</summary>
    public int[]? PerLayer(string key, int layers)
    {
        long[]? values = Integers(key);
        if (values is null or { Length: 0 })
        {
            return null;
        }

        int[] result = new int[layers];
        for (int i = 0; i < layers; i++)
        {
            // Some converters leave the next-token layers at the end out of the array; they are like the last one.
            long value = values[Math.Min(i, values.Length - 1)];
            result[i] = value is >= 0 and <= int.MaxValue ? (int)value : throw Invalid(key, $"{value} for layer {i} is out of range");
        }

        return result;
    }

    public ModelFormatException Invalid(string key, string problem)
    {
        long offset = _values.TryGetValue(key, out GgufValue value) ? value.Offset : 0;
        return new GgufCursor(file).Invalid($"{key}: {problem}", offset);
    }

    private GgufCursor At(GgufValue value) => new(file, value.Offset, bigEndian);

    private ModelFormatException WrongType(string key, GgufValue value, string wanted) =>
        Invalid(key, $"is {(value.Type == GgufValueType.Array ? $"an array of {value.ElementType}" : value.Type)} where {wanted} belongs");
}
