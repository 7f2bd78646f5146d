namespace LlmOps.Benchmarking;

/// <summary>The form that nearly every read of a stream has: one chunk of HTTP that holds one event of one <c>data</c> line.</summary>
/// <remarks>RFC 9112, 7.1, and https://html.spec.whatwg.org/multipage/server-sent-events.html; whatever has another form is left to <see cref="HttpResponseReader"/> and <see cref="SseReader"/>.</remarks>
internal static class PlainEvent
{
    private const int LongestSize = 6;

    private static ReadOnlySpan<byte> Field => "data: "u8;

    private static ReadOnlySpan<byte> End => "\n\n\r\n"u8;

    /// <summary>Finds the data.</summary>
    /// <param name="bytes">What was read, where a chunk begins.</param>
    /// <param name="data">What stands between the field's name and the end of the event; the caller makes sure that there is no line end in it.</param>
    /// <returns>Whether the bytes are exactly one such chunk.</returns>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out ReadOnlySpan<byte> data)
    {
        data = default;
        int size = 0;
        int at = 0;
        for (; at < bytes.Length && at < LongestSize; at++)
        {
            int digit = Digit(bytes[at]);
            if (digit < 0)
            {
                break;
            }

            size = (size << 4) | digit;
        }

        int start = at + 2;
        if (at == 0 || bytes.Length != start + size + 2 || size < Field.Length + 2
            || bytes[at] != '\r' || bytes[at + 1] != '\n' || !bytes[start..].StartsWith(Field) || !bytes.EndsWith(End))
        {
            return false;
        }

        data = bytes[(start + Field.Length)..^End.Length];
        return true;
    }

    private static int Digit(byte value) => value switch
    {
        >= (byte)'0' and <= (byte)'9' => value - '0',
        >= (byte)'a' and <= (byte)'f' => value - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => value - 'A' + 10,
        _ => -1,
    };
}
