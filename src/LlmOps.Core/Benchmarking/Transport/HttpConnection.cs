using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace LlmOps.Benchmarking.Transport;

/// <summary>One connection of the transport and the request that it carries.</summary>
/// <param name="socket">Owned.</param>
/// <param name="slot">Its place in the transport.</param>
/// <param name="generation">Tells it from earlier connections at the same place.</param>
/// <param name="addressIndex">Which of the server's addresses it goes to.</param>
internal sealed class HttpConnection(Socket socket, int slot, int generation, int addressIndex)
{
    /// <summary>What is left in the queue is copied again with each read.</summary>
    private const int MostReadsLeft = 8;
    private const int MostBytesLeft = 4096;

    /// <summary>By then the kernel has acknowledged what was left there: <c>TCP_DELACK_MIN</c> (<c>include/net/tcp.h</c>), 40 ms, and a tick.</summary>
    private static readonly long s_acknowledged = MonotonicClock.Ticks(TimeSpan.FromMilliseconds(45));

    private StreamRecorder? _known;
    private long _lastArrival;
    private int _left;
    private int _readsLeft;

    public Socket Socket => socket;

    public int Descriptor { get; } = (int)socket.Handle;

    public int Slot => slot;

    public int AddressIndex => addressIndex;

    /// <summary>What the wait says of its events.</summary>
    public long Token { get; } = ((long)generation << 32) | (uint)slot;

    /// <summary>Null while it is kept for the next request.</summary>
    public StreamExchange? Exchange { get; set; }

    /// <summary>Takes an event that is like the last one; null unless an event begins next. Beside the request, so that a token touches little memory.</summary>
    public StreamRecorder? Known
    {
        get => _known;
        set => _known = value;
    }

    public bool IsConnecting { get; set; }

    /// <summary>Whether the request did not go out in one piece.</summary>
    public bool WantsToSend { get; set; }

    /// <summary>Whether it has carried a request before.</summary>
    public bool WasUsed { get; set; }

    /// <summary>Whether its answer is expected to end with what comes next.</summary>
    public bool IsEnding { get; set; }

    /// <summary>When its last bytes arrived.</summary>
    public long LastArrival
    {
        get => _lastArrival;
        set => _lastArrival = value;
    }

    /// <summary>Bytes at the head of the socket's queue that have been read and were left there.</summary>
    public int Left => _left;

    /// <summary>Whether what comes next can be left in the socket's queue. At most one chunk at a time waits there to be acknowledged.</summary>
    /// <param name="now">The moment.</param>
    public bool CanLeave(long now) =>
        _known is not null && !IsEnding && (_left == 0 || (now - _lastArrival > s_acknowledged && _left < MostBytesLeft && _readsLeft < MostReadsLeft));

    /// <summary>The socket was read.</summary>
    /// <param name="left">Bytes that were left in its queue.</param>
    public void Leave(int left)
    {
        _left = left;
        _readsLeft = left == 0 ? 0 : _readsLeft + 1;
    }

    /// <summary>It is read soon.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void FetchAhead()
    {
        Prefetch.Line(ref _known);
        Prefetch.Line(ref _lastArrival);
    }
}
