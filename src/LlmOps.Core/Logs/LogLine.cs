using System.Globalization;
using System.Text;

namespace LlmOps.Logs;

/// <summary>One line of a server's log: the time at which it was read, a space, and what the engine printed.</summary>
public static class LogLine
{
    /// <summary>How lines begin that LlmOps itself wrote.</summary>
    public const string NoteMark = "[llmops]";

    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
    private const int TimeLength = 24;

    /// <summary>What the engine printed, without the time in front. A line that has none is returned as it is.</summary>
    public static string WithoutTime(string line) => TryReadTime(line, out _) ? line[(TimeLength + 1)..] : line;

    /// <summary>Reads the time in front of a line.</summary>
    public static bool TryReadTime(string line, out DateTimeOffset time)
    {
        time = default;
        return line.Length > TimeLength
            && line[TimeLength] == ' '
            && line[TimeLength - 1] == 'Z'
            && DateTimeOffset.TryParseExact(
                line.AsSpan(0, TimeLength), TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);
    }

    /// <summary>Writes the time and the space that stand in front of a line.</summary>
    internal static void WriteTime(DateTimeOffset time, Stream to)
    {
        Span<byte> text = stackalloc byte[TimeLength + 1];
        time.UtcDateTime.TryFormat(text, out int written, TimeFormat, CultureInfo.InvariantCulture);
        text[written++] = (byte)' ';
        to.Write(text[..written]);
    }

    /// <summary>A line with its time in front.</summary>
    internal static string Stamp(DateTimeOffset time, string text) => $"{time.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture)} {text}";

    /// <summary>A whole line with its time and its end.</summary>
    internal static byte[] Compose(DateTimeOffset time, string text)
    {
        using MemoryStream line = new();
        WriteTime(time, line);
        line.Write(Encoding.UTF8.GetBytes(text));
        line.WriteByte((byte)'\n');
        return line.ToArray();
    }
}
