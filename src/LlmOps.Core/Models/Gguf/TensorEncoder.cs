using System.Buffers.Binary;

namespace LlmOps.Models.Gguf;

/// <summary>Turns numbers into the bytes of ggml's simplest types.</summary>
internal static class TensorEncoder
{
    public const uint F32 = 0;
    public const uint F16 = 1;
    public const uint Q8 = 8;

    private const int BlockElements = 32;

    public static void Encode(ReadOnlySpan<float> values, uint type, Span<byte> data)
    {
        switch (type)
        {
            case F32:
                for (int i = 0; i < values.Length; i++)
                {
                    BinaryPrimitives.WriteSingleLittleEndian(data[(i * 4)..], values[i]);
                }

                break;
            case F16:
                for (int i = 0; i < values.Length; i++)
                {
                    BinaryPrimitives.WriteHalfLittleEndian(data[(i * 2)..], (Half)values[i]);
                }

                break;
            case Q8:
                for (int start = 0; start < values.Length; start += BlockElements)
                {
                    EncodeBlock(values.Slice(start, BlockElements), data[(start / BlockElements * (2 + BlockElements))..]);
                }

                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "only F32, F16 and Q8_0 can be written");
        }
    }

    /// <summary>A scale in half precision, then one signed byte an element: value = scale × byte.</summary>
    private static void EncodeBlock(ReadOnlySpan<float> values, Span<byte> block)
    {
        float largest = 0;
        foreach (float value in values)
        {
            largest = MathF.Max(largest, MathF.Abs(value));
        }

        float scale = largest / 127;
        BinaryPrimitives.WriteHalfLittleEndian(block, (Half)scale);
        for (int i = 0; i < values.Length; i++)
        {
            block[2 + i] = (byte)(sbyte)(scale == 0 ? 0 : MathF.Round(values[i] / scale));
        }
    }
}
