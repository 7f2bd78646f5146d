using System.Buffers.Text;

namespace LlmOps.Models.Folders;

/// <summary>
/// Python writes into JSON what others do not read: <c>Infinity</c> and <c>NaN</c> (<c>"time_step_limit": [0.0, Infinity]</c>), and halves of surrogate pairs.
/// </summary>
internal static class PythonJson
{
    /// <summary>Writes an empty string over each such number and U+FFFD over each half pair; all offsets stay.</summary>
    public static void Mend(Span<byte> json)
    {
        int at = 0;
        while (at < json.Length)
        {
            int next = json[at..].IndexOfAny((byte)'"', (byte)'I', (byte)'N');
            if (next < 0)
            {
                return;
            }

            at += next;
            at += json[at] == (byte)'"' ? MendString(json[at..]) : Replace(json, at);
        }
    }

    private static int MendString(Span<byte> json)
    {
        int at = 1;
        while (at < json.Length)
        {
            int next = json[at..].IndexOfAny((byte)'"', (byte)'\\');
            if (next < 0)
            {
                return json.Length;
            }

            at += next;
            if (json[at] == (byte)'"')
            {
                return at + 1;
            }

            at += MendEscape(json[at..]);
        }

        return json.Length;
    }

    /// <returns>Bytes of the escape, or of the pair of them.</returns>
    private static int MendEscape(Span<byte> json)
    {
        if (Surrogate(json) is not { } first)
        {
            return 2;
        }

        if (char.IsHighSurrogate(first) && Surrogate(json[6..]) is { } second && char.IsLowSurrogate(second))
        {
            return 12;
        }

        "FFFD"u8.CopyTo(json[2..]);
        return 6;
    }

    /// <summary>The half of a pair that an escape such as <c>\uD83D</c> stands for; null for any other.</summary>
    private static char? Surrogate(ReadOnlySpan<byte> json) =>
        json.Length >= 6 && json[0] == (byte)'\\' && json[1] == (byte)'u' && Utf8Parser.TryParse(json[2..6], out ushort code, out int digits, 'x') && digits == 4
        && char.IsSurrogate((char)code) ? (char)code : null;

    private static int Replace(Span<byte> json, int at)
    {
        int length = json[at..].StartsWith("Infinity"u8) ? "Infinity".Length : json[at..].StartsWith("NaN"u8) ? "NaN".Length : 0;
        if (length == 0)
        {
            return 1;
        }

        int start = at > 0 && json[at - 1] == (byte)'-' ? at - 1 : at;
        json[start..(at + length)].Fill((byte)' ');
        json[start] = json[start + 1] = (byte)'"';
        return length;
    }
}
