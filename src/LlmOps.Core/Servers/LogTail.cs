using System.Text;

namespace LlmOps.Servers;

/// <summary>Reads the last lines of one file from its end, so that a log of any size costs what is shown.</summary>
internal static class LogTail
{
    private const int BlockSize = 64 * 1024;

    /// <summary>The last <paramref name="lines"/> lines; a last line without an end counts.</summary>
    /// <returns>Empty when the file is gone.</returns>
    public static IReadOnlyList<string> Read(string path, int lines)
    {
        try
        {
            using FileStream file = PrivateFile.Open(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return Split(ReadFrom(file, FindStart(file, lines)), lines);
        }
        catch (FileNotFoundException)
        {
            // Moved on to the next number, or removed, since it was seen.
            return [];
        }
    }

    private static long FindStart(FileStream file, int lines)
    {
        byte[] block = new byte[BlockSize];
        long position = file.Length;

        // One more end than lines: the one before the first line wanted, or the one after the last line.
        for (long ends = 0; position > 0;)
        {
            int size = (int)Math.Min(BlockSize, position);
            position -= size;
            file.Position = position;
            file.ReadExactly(block, 0, size);
            ends += block.AsSpan(0, size).Count((byte)'\n');
            if (ends > lines)
            {
                break;
            }
        }

        return position;
    }

    private static string ReadFrom(FileStream file, long start)
    {
        file.Position = start;
        using StreamReader reader = new(file, Encoding.UTF8, detectEncodingFromByteOrderMarks: false);
        return reader.ReadToEnd();
    }

    private static string[] Split(string text, int lines)
    {
        string[] all = text.Split('\n');
        int count = all[^1].Length == 0 ? all.Length - 1 : all.Length;
        int first = Math.Max(0, count - lines);
        return all[first..count];
    }
}
