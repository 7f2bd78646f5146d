namespace LlmOps.Models.Folders;

/// <summary>Python writes <c>Infinity</c> and <c>NaN</c> into JSON, which has no such numbers: <c>"time_step_limit": [0.0, Infinity]</c>.</summary>
internal static class PythonNumbers
{
    /// <summary>Writes an empty string and blanks over each of them, so that all offsets stay.</summary>
    public static void Hide(Span<byte> json)
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
            at += json[at] == (byte)'"' ? StringLength(json[at..]) : Replace(json, at);
        }
    }

    private static int StringLength(ReadOnlySpan<byte> json)
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

            at += 2;
        }

        return json.Length;
    }

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
