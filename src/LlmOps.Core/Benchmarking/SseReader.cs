using System.Buffers;

namespace LlmOps.Benchmarking;

/// <summary>Cuts a byte stream into server-sent events without copying or decoding them.</summary>
/// <remarks>
/// Framing by https://html.spec.whatwg.org/multipage/server-sent-events.html: lines end in LF or CRLF, a blank line ends an event,
/// several <c>data</c> fields are joined with LF, comments start with a colon. A lone CR does not end a line; no known server sends it.
/// The transport reads straight into <see cref="GetMemory"/> and says with <see cref="Advance"/> when the bytes arrived.
/// </remarks>
internal sealed class SseReader : IDisposable
{
    /// <summary>An event larger than this is not a chat chunk; without a limit a server of garbage could fill the memory.</summary>
    public const int MaximumEventBytes = 16 * 1024 * 1024;

    private const int InitialCapacity = 16 * 1024;
    private const int SmallestRead = 4 * 1024;

    private byte[] _buffer = [];
    private int _lineStart;
    private int _scanned;
    private int _end;
    private int _dataStart = -1;
    private int _dataEnd;
    private bool _isErrorField;
    private long _timestamp;

    /// <summary>Whether a line was seen that is neither a known field nor a comment: the stream is something else.</summary>
    public bool SawForeignLine { get; private set; }

    /// <summary>Whether all that came has been read.</summary>
    public bool IsEmpty => _lineStart == _end && _dataStart < 0 && !_isErrorField;

    /// <summary>Room for the next read; ends the life of events read before.</summary>
    /// <exception cref="InvalidDataException">One event exceeds <see cref="MaximumEventBytes"/>.</exception>
    public Memory<byte> GetMemory()
    {
        MakeRoom(SmallestRead);
        return _buffer.AsMemory(_end);
    }

    /// <summary>Says that bytes were read into the memory, and when.</summary>
    public void Advance(int count, long timestamp)
    {
        _end += count;
        _timestamp = timestamp;
    }

    /// <summary>Adds a copy of bytes that arrived at a given time.</summary>
    public void Append(ReadOnlySpan<byte> bytes, long timestamp)
    {
        MakeRoom(bytes.Length);
        bytes.CopyTo(_buffer.AsSpan(_end));
        Advance(bytes.Length, timestamp);
    }

    /// <summary>The next whole event.</summary>
    public bool TryRead(out SseEvent sseEvent)
    {
        while (true)
        {
            int offset = _buffer.AsSpan(_scanned, _end - _scanned).IndexOf((byte)'\n');
            if (offset < 0)
            {
                _scanned = _end;
                sseEvent = default;
                return false;
            }

            int lineStart = _lineStart;
            int lineEnd = _scanned + offset;
            _lineStart = _scanned = lineEnd + 1;
            if (TakeLine(lineStart, lineEnd, out sseEvent))
            {
                return true;
            }
        }
    }

    /// <summary>At the end of the stream: the event whose last line end or blank line never came.</summary>
    public bool TryReadLast(out SseEvent sseEvent)
    {
        if (_lineStart < _end)
        {
            int lineStart = _lineStart;
            _lineStart = _scanned = _end;
            if (TakeLine(lineStart, _end, out sseEvent))
            {
                return true;
            }
        }

        return TryTakeEvent(out sseEvent);
    }

    public void Dispose()
    {
        byte[] buffer = _buffer;
        _buffer = [];
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private bool TakeLine(int start, int end, out SseEvent sseEvent)
    {
        if (end > start && _buffer[end - 1] == '\r')
        {
            end--;
        }

        if (end == start)
        {
            return TryTakeEvent(out sseEvent);
        }

        ReadOnlySpan<byte> line = _buffer.AsSpan(start, end - start);
        if (line.StartsWith("data:"u8))
        {
            AddData(start + 5, end);
        }
        else if (line.StartsWith("error:"u8))
        {
            _isErrorField = true;
            AddData(start + 6, end);
        }
        else if (line[0] != ':' && !line.StartsWith("event:"u8) && !line.StartsWith("id:"u8) && !line.StartsWith("retry:"u8))
        {
            SawForeignLine = true;
        }

        sseEvent = default;
        return false;
    }

    private void AddData(int start, int end)
    {
        if (start < end && _buffer[start] == ' ')
        {
            start++;
        }

        if (_dataStart < 0)
        {
            _dataStart = start;
            _dataEnd = end;
            return;
        }

        // The field name between the two values leaves room for the LF, so joining happens in place.
        _buffer[_dataEnd++] = (byte)'\n';
        _buffer.AsSpan(start, end - start).CopyTo(_buffer.AsSpan(_dataEnd));
        _dataEnd += end - start;
    }

    private bool TryTakeEvent(out SseEvent sseEvent)
    {
        if (_dataStart < 0)
        {
            sseEvent = default;
            return false;
        }

        sseEvent = new SseEvent(_buffer.AsSpan(_dataStart, _dataEnd - _dataStart), _isErrorField, _timestamp);
        _dataStart = -1;
        _isErrorField = false;
        return true;
    }

    private void MakeRoom(int size)
    {
        int keepFrom = _dataStart >= 0 ? _dataStart : _lineStart;
        int kept = _end - keepFrom;
        if (kept > MaximumEventBytes)
        {
            throw new InvalidDataException($"An event of the stream exceeds {MaximumEventBytes} bytes.");
        }

        if (_buffer.Length - _end >= size && kept > 0)
        {
            return;
        }

        byte[] old = _buffer;
        bool grows = old.Length - kept < size;
        byte[] target = grows ? ArrayPool<byte>.Shared.Rent(Math.Max(Math.Max(InitialCapacity, 2 * old.Length), kept + size)) : old;
        old.AsSpan(keepFrom, kept).CopyTo(target);
        _buffer = target;
        if (grows && old.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(old);
        }

        _lineStart -= keepFrom;
        _scanned -= keepFrom;
        _end -= keepFrom;
        if (_dataStart >= 0)
        {
            _dataStart -= keepFrom;
            _dataEnd -= keepFrom;
        }
    }
}
