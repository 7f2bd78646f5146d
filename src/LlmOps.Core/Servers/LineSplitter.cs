namespace LlmOps.Servers;

/// <summary>Cuts a stream of bytes into lines. A carriage return ends a line too: that is how progress bars draw.</summary>
/// <param name="onLine">Called with each line, without its end.</param>
/// <param name="longest">Bytes after which a line is cut, so that output without line ends cannot fill the memory.</param>
internal sealed class LineSplitter(LineSplitter.LineHandler onLine, int longest = 64 * 1024)
{
    private readonly byte[] _partial = new byte[longest];
    private int _partialLength;
    private bool _skipLineFeed;

    /// <summary>Takes one line.</summary>
    public delegate void LineHandler(ReadOnlySpan<byte> line);

    /// <summary>Takes the next bytes.</summary>
    public void Feed(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (_skipLineFeed)
            {
                _skipLineFeed = false;
                if (bytes[0] == (byte)'\n')
                {
                    bytes = bytes[1..];
                    continue;
                }
            }

            int end = bytes.IndexOfAny((byte)'\n', (byte)'\r');
            if (end < 0)
            {
                Keep(bytes);
                return;
            }

            _skipLineFeed = bytes[end] == (byte)'\r';
            Finish(bytes[..end]);
            bytes = bytes[(end + 1)..];
        }
    }

    /// <summary>Hands out what is left of a last line without an end.</summary>
    public void Finish()
    {
        if (_partialLength > 0)
        {
            Finish([]);
        }
    }

    private void Keep(ReadOnlySpan<byte> piece)
    {
        while (_partialLength + piece.Length > _partial.Length)
        {
            int fits = _partial.Length - _partialLength;
            piece[..fits].CopyTo(_partial.AsSpan(_partialLength));
            _partialLength = 0;
            onLine(_partial);
            piece = piece[fits..];
        }

        piece.CopyTo(_partial.AsSpan(_partialLength));
        _partialLength += piece.Length;
    }

    private void Finish(ReadOnlySpan<byte> piece)
    {
        if (_partialLength == 0)
        {
            onLine(piece);
            return;
        }

        Keep(piece);
        int length = _partialLength;
        _partialLength = 0;
        onLine(_partial.AsSpan(0, length));
    }
}
