using System.Text;

namespace LlmOps.Servers;

/// <summary>Reads what is new in a log since the last look, also when the log has moved on to new files in between.</summary>
/// <remarks>
/// A file is recognised by its first bytes, the time of its first line among them, whatever its number is by now; sizes and names
/// would confuse an old file with a new one.
/// </remarks>
internal sealed class LogFollower : ILogReader
{
    private const int SignatureLength = 128;

    private readonly string _path;
    private readonly MemoryStream _partial = new();
    private FileStream? _file;

    private LogFollower(string path) => _path = path;

    /// <summary>Follows from the beginning of the log as it is now.</summary>
    public static LogFollower AtStart(string path) => new(path);

    /// <summary>Follows from the end of the log as it is now.</summary>
    /// <param name="path">The log.</param>
    /// <param name="last">The lines before that end.</param>
    /// <param name="tail">How many of them.</param>
    public static LogFollower AtEnd(string path, out IReadOnlyList<string> last, int tail)
    {
        LogFollower follower = new(path);
        Queue<string> kept = [];
        foreach (string line in follower.ReadNew(keepPartial: true))
        {
            kept.Enqueue(line);
            if (kept.Count > tail)
            {
                kept.Dequeue();
            }
        }

        // Older files only when this one has fewer lines than wanted.
        int missing = tail - kept.Count;
        last = missing > 0 && File.Exists(RotatingLog.FileName(path, 1))
            ? [.. ServerLog.Tail(path, tail).SkipLast(kept.Count).TakeLast(missing), .. kept]
            : [.. kept];
        return follower;
    }

    /// <summary>The lines that are new.</summary>
    /// <param name="keepPartial">Whether a last line without an end is kept for the next look; otherwise it is returned.</param>
    public IReadOnlyList<string> ReadNew(bool keepPartial)
    {
        List<string> lines = [];
        do
        {
            _file ??= TryOpen(_path);
            if (_file is null)
            {
                break;
            }

            ReadAll(_file, lines);
        }
        while (MoveOn(lines));

        if (!keepPartial && _partial.Length > 0)
        {
            lines.Add(TakePartial());
        }

        return lines;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _file?.Dispose();
        _partial.Dispose();
    }

    private void ReadAll(FileStream file, List<string> lines)
    {
        byte[] buffer = new byte[64 * 1024];
        while (file.Read(buffer) is var read and > 0)
        {
            ReadOnlySpan<byte> rest = buffer.AsSpan(0, read);
            while (rest.IndexOf((byte)'\n') is var end and >= 0)
            {
                _partial.Write(rest[..end]);
                lines.Add(TakePartial());
                rest = rest[(end + 1)..];
            }

            _partial.Write(rest);
        }
    }

    private string TakePartial()
    {
        string line = Encoding.UTF8.GetString(_partial.GetBuffer().AsSpan(0, (int)_partial.Length));
        _partial.SetLength(0);
        return line;
    }

    /// <summary>When the log has moved on, finishes the old file and goes to the one after it.</summary>
    private bool MoveOn(List<string> lines)
    {
        byte[] mine = SignatureOf(_file!);
        using FileStream? current = TryOpen(_path);
        if (current is null || mine.Length == 0 || SignatureOf(current).AsSpan().StartsWith(mine))
        {
            return false;
        }

        // It was being written until it moved, so it may have grown since it was read.
        ReadAll(_file!, lines);
        _file!.Dispose();
        _file = null;
        for (int number = 1; TryOpen(RotatingLog.FileName(_path, number)) is { } older; number++)
        {
            using (older)
            {
                if (SignatureOf(older).AsSpan().StartsWith(mine))
                {
                    _file = TryOpen(RotatingLog.FileName(_path, number - 1));
                    return true;
                }
            }
        }

        return true;
    }

    private static FileStream? TryOpen(string path)
    {
        try
        {
            return PrivateFile.Open(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception problem) when (problem is FileNotFoundException or DirectoryNotFoundException)
        {
            // Not begun yet, or between two names.
            return null;
        }
    }

    private static byte[] SignatureOf(FileStream file)
    {
        byte[] signature = new byte[SignatureLength];
        int length = RandomAccess.Read(file.SafeFileHandle, signature, 0);
        return signature[..length];
    }
}
