using System.Buffers.Text;
using System.Text;

namespace LlmOps.Benchmarking;

/// <summary>Reads one HTTP/1.1 response from bytes as they come and passes its body on without copying it.</summary>
/// <remarks>RFC 9112: lengths by <c>Content-Length</c>, by chunks, or to the end of the connection. Header lines that measuring does not need are skipped.</remarks>
/// <param name="body">Takes the body, piece by piece.</param>
internal sealed class HttpResponseReader(IBodyReceiver body)
{
    /// <summary>A head larger than this is no answer of an LLM server.</summary>
    private const int LongestHead = 64 * 1024;

    private const int LongestChunkLine = 1024;

    private byte[] _head = new byte[512];
    private int _headLength;
    private State _state;
    private long _remaining;
    private int _lineLength;
    private int _sizeDigits;
    private bool _inExtension;
    private bool _isChunked;

    private enum State
    {
        Head,
        Length,
        UntilClose,
        ChunkSize,
        ChunkData,
        ChunkEnd,
        Trailer,
        Complete,
    }

    /// <summary>The status code; 0 until the head is complete.</summary>
    public int Status { get; private set; }

    /// <summary>The <c>Retry-After</c> header as it was sent; null without one.</summary>
    public string? RetryAfter { get; private set; }

    /// <summary>Whether the whole response is there.</summary>
    public bool IsComplete => _state == State.Complete;

    /// <summary>Whether the connection may carry another request afterwards.</summary>
    public bool KeepsConnection { get; private set; }

    /// <summary>Whether not one byte has come yet.</summary>
    public bool IsUntouched => _state == State.Head && _headLength == 0 && Status == 0;

    /// <summary>Whether what comes next is the size of a chunk of a successful answer's body.</summary>
    public bool IsBetweenChunks => _state == State.ChunkSize && _lineLength == 0 && Status is >= 200 and < 300;

    /// <summary>Takes what was read.</summary>
    /// <exception cref="HttpRequestException">It is not HTTP/1.1 (<see cref="HttpRequestError.InvalidResponse"/>).</exception>
    public void Accept(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            switch (_state)
            {
                case State.Head:
                    bytes = bytes[TakeHead(bytes)..];
                    break;
                case State.Length or State.ChunkData:
                    bytes = bytes[TakeBody(bytes)..];
                    break;
                case State.UntilClose:
                    body.AcceptBody(bytes);
                    return;
                case State.ChunkSize:
                    bytes = bytes[TakeChunkSize(bytes)..];
                    break;
                case State.ChunkEnd:
                    bytes = bytes[TakeChunkEnd(bytes)..];
                    break;
                case State.Trailer:
                    bytes = bytes[TakeTrailer(bytes)..];
                    break;
                default:
                    // Bytes after the response belong to no request.
                    KeepsConnection = false;
                    return;
            }
        }
    }

    /// <summary>Says that the connection was closed.</summary>
    /// <returns>Whether the response was complete then.</returns>
    public bool AcceptEnd()
    {
        if (_state == State.UntilClose)
        {
            _state = State.Complete;
        }

        KeepsConnection = false;
        return IsComplete;
    }

    private static HttpRequestException Invalid(string problem) => new(HttpRequestError.InvalidResponse, problem);

    private static int HexDigit(byte value) => value switch
    {
        >= (byte)'0' and <= (byte)'9' => value - '0',
        >= (byte)'a' and <= (byte)'f' => value - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => value - 'A' + 10,
        _ => -1,
    };

    private int TakeHead(ReadOnlySpan<byte> bytes)
    {
        int from = Math.Max(0, _headLength - 3);
        int taken = Math.Min(bytes.Length, LongestHead - _headLength);
        if (_headLength + taken > _head.Length)
        {
            Array.Resize(ref _head, Math.Max(2 * _head.Length, _headLength + taken));
        }

        bytes[..taken].CopyTo(_head.AsSpan(_headLength));
        int end = _head.AsSpan(from, _headLength + taken - from).IndexOf("\r\n\r\n"u8);
        if (end < 0)
        {
            _headLength += taken;
            return !LooksLikeHttp() || _headLength == LongestHead ? throw Invalid("the answer does not begin as HTTP/1.1 does") : taken;
        }

        int length = from + end + 4;
        int used = length - _headLength;
        _headLength = length;
        ReadHead(_head.AsSpan(0, length - 2));
        _headLength = 0;
        return used;
    }

    private bool LooksLikeHttp()
    {
        ReadOnlySpan<byte> start = "HTTP/1."u8;
        int known = Math.Min(start.Length, _headLength);
        return _head.AsSpan(0, known).SequenceEqual(start[..known]);
    }

    private void ReadHead(ReadOnlySpan<byte> head)
    {
        // HTTP/1.1 200 OK
        if (head.Length < 14 || !LooksLikeHttp() || head[8] != ' ' || !Utf8Parser.TryParse(head.Slice(9, 3), out int status, out int digits) || digits != 3)
        {
            throw Invalid("the status line is not one of HTTP/1.1");
        }

        KeepsConnection = head[7] != '0';
        long? length = null;
        _isChunked = false;
        int lineEnd = head.IndexOf("\r\n"u8);
        ReadOnlySpan<byte> rest = head[(lineEnd + 2)..];
        while ((lineEnd = rest.IndexOf("\r\n"u8)) > 0)
        {
            ReadHeader(rest[..lineEnd], ref length);
            rest = rest[(lineEnd + 2)..];
        }

        if (status is >= 100 and < 200)
        {
            return;
        }

        Status = status;
        _remaining = length ?? 0;
        _state = status is 204 or 304 ? State.Complete
            : _isChunked ? State.ChunkSize
            : length is null ? State.UntilClose
            : length == 0 ? State.Complete
            : State.Length;
    }

    private void ReadHeader(ReadOnlySpan<byte> line, ref long? length)
    {
        int colon = line.IndexOf((byte)':');
        if (colon <= 0)
        {
            throw Invalid("a header line has no name");
        }

        ReadOnlySpan<byte> name = line[..colon];
        ReadOnlySpan<byte> value = line[(colon + 1)..].Trim((byte)' ');
        if (Ascii.EqualsIgnoreCase(name, "content-length"u8))
        {
            length = Utf8Parser.TryParse(value, out long count, out int used) && used == value.Length && count >= 0
                ? count
                : throw Invalid("the content length is no number");
        }
        else if (Ascii.EqualsIgnoreCase(name, "transfer-encoding"u8))
        {
            _isChunked = Ascii.EqualsIgnoreCase(value, "chunked"u8) ? true : throw Invalid($"the transfer encoding '{Encoding.Latin1.GetString(value)}' was not asked for");
        }
        else if (Ascii.EqualsIgnoreCase(name, "connection"u8))
        {
            KeepsConnection = !Ascii.EqualsIgnoreCase(value, "close"u8);
        }
        else if (Ascii.EqualsIgnoreCase(name, "retry-after"u8))
        {
            RetryAfter = Encoding.Latin1.GetString(value);
        }
    }

    private int TakeBody(ReadOnlySpan<byte> bytes)
    {
        int taken = (int)Math.Min(_remaining, bytes.Length);
        body.AcceptBody(bytes[..taken]);
        _remaining -= taken;
        if (_remaining == 0)
        {
            _state = _isChunked ? State.ChunkEnd : State.Complete;
        }

        return taken;
    }

    private int TakeChunkSize(ReadOnlySpan<byte> bytes)
    {
        for (int index = 0; index < bytes.Length; index++)
        {
            byte value = bytes[index];
            if (value == '\n')
            {
                _state = _sizeDigits == 0 ? throw Invalid("a chunk has no size") : _remaining == 0 ? State.Trailer : State.ChunkData;
                (_lineLength, _sizeDigits, _inExtension) = (0, 0, false);
                return index + 1;
            }

            _inExtension |= value is (byte)';' or (byte)' ' or (byte)'\r';
            int digit = HexDigit(value);
            if (!_inExtension && (digit < 0 || _remaining > long.MaxValue >> 5))
            {
                throw Invalid("the size of a chunk is no hexadecimal number");
            }

            _remaining = _inExtension ? _remaining : (_remaining << 4) + digit;
            _sizeDigits += _inExtension ? 0 : 1;
            if (++_lineLength > LongestChunkLine)
            {
                throw Invalid("the line of a chunk's size does not end");
            }
        }

        return bytes.Length;
    }

    private int TakeChunkEnd(ReadOnlySpan<byte> bytes)
    {
        if (bytes[0] == '\n')
        {
            _state = State.ChunkSize;
            _remaining = 0;
            return 1;
        }

        return bytes[0] == '\r' ? 1 : throw Invalid("a chunk is longer than its size");
    }

    private int TakeTrailer(ReadOnlySpan<byte> bytes)
    {
        // Trailer fields end with an empty line; what they say is not needed.
        int end = bytes.IndexOf((byte)'\n');
        if (end < 0)
        {
            _lineLength += bytes[^1] == '\r' ? bytes.Length - 1 : bytes.Length;
            return bytes.Length;
        }

        int length = _lineLength + end - (end > 0 && bytes[end - 1] == '\r' ? 1 : 0);
        _lineLength = 0;
        _state = length == 0 ? State.Complete : State.Trailer;
        return end + 1;
    }
}
