using System.Buffers.Text;
using System.Net.Sockets;
using System.Text;

namespace LlmOps.Benchmarking.SelfCheck;

/// <summary>One client of the <see cref="ScheduleServer"/> and what has come of its request. A prompt is counted, not kept.</summary>
internal sealed class ScheduleConnection(Socket socket, int slot)
{
    /// <summary>Enough to hold what stands behind the prompt in a body.</summary>
    private const int TailLength = 2048;

    private readonly byte[] _tail = new byte[TailLength];
    private byte[] _head = new byte[1024];
    private int _headLength;
    private bool _hasHead;
    private long _remaining;
    private int _tailLength;
    private int _spaces;

    public Socket Socket => socket;

    public int Slot => slot;

    public ScheduledStream? Stream { get; set; }

    /// <summary>Path that was asked for.</summary>
    public string Target { get; private set; } = "";

    /// <summary>Words in the body, which are the prompt's.</summary>
    public int Words => _spaces + 1;

    /// <summary>What the body says of <c>max_tokens</c>.</summary>
    public int MaximumTokens
    {
        get
        {
            ReadOnlySpan<byte> tail = _tail.AsSpan(0, _tailLength);
            int at = tail.LastIndexOf("\"max_tokens\":"u8);
            return at >= 0 && Utf8Parser.TryParse(tail[(at + 13)..], out int tokens, out _) ? Math.Clamp(tokens, 1, 10_000_000) : 16;
        }
    }

    /// <summary>Takes bytes.</summary>
    /// <returns>Whether the request is complete.</returns>
    public bool Accept(ReadOnlySpan<byte> bytes)
    {
        if (!_hasHead)
        {
            int before = _headLength;
            if (_head.Length < before + bytes.Length)
            {
                Array.Resize(ref _head, before + bytes.Length);
            }

            bytes.CopyTo(_head.AsSpan(before));
            _headLength += bytes.Length;
            int end = _head.AsSpan(0, _headLength).IndexOf("\r\n\r\n"u8);
            if (end < 0)
            {
                return false;
            }

            ReadHead(Encoding.Latin1.GetString(_head, 0, end));
            bytes = bytes[(end + 4 - before)..];
        }

        _spaces += bytes.Count((byte)' ');
        _remaining -= bytes.Length;
        Keep(bytes);
        return _remaining <= 0;
    }

    /// <summary>Makes ready for the next request.</summary>
    public void Forget() => (_headLength, _hasHead, _tailLength, _spaces) = (0, false, 0, 0);

    private void ReadHead(string head)
    {
        _hasHead = true;
        string[] lines = head.Split("\r\n");
        Target = lines[0].Split(' ') is [_, var target, ..] ? target : "";
        _remaining = 0;
        foreach (string line in lines)
        {
            if (line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase) && long.TryParse(line.AsSpan(15).Trim(), out long length))
            {
                _remaining = length;
            }
        }
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        bytes = bytes.Length > TailLength ? bytes[^TailLength..] : bytes;
        int kept = Math.Min(_tailLength, TailLength - bytes.Length);
        _tail.AsSpan(_tailLength - kept, kept).CopyTo(_tail);
        bytes.CopyTo(_tail.AsSpan(kept));
        _tailLength = kept + bytes.Length;
    }
}
