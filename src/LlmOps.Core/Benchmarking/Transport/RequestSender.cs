using System.Net.Sockets;
using LlmOps.Native.Libc;

namespace LlmOps.Benchmarking.Transport;

/// <summary>Brings requests to the server: on a kept connection or a new one, at the address that answers.</summary>
/// <remarks>A kept connection that turns out to be closed costs nothing: the request goes out once more on a new one.</remarks>
internal sealed class RequestSender(LibcEpoll epoll, ConnectionPool pool, int addressCount)
{
    /// <summary>A request this long goes out as one piece, which costs half of two.</summary>
    private const int LongestPiece = 64 * 1024;

    private readonly byte[] _piece = GC.AllocateUninitializedArray<byte>(LongestPiece, pinned: true);
    private int _preferredAddress;

    /// <summary>Sends a new request.</summary>
    public void Send(StreamExchange exchange)
    {
        exchange.AddressIndex = _preferredAddress;
        Start(exchange, pool.TakeKept());
    }

    /// <summary>A connection was made, or was not.</summary>
    public void Connected(HttpConnection connection, StreamExchange exchange, long now)
    {
        SocketError error = (SocketError)(int)connection.Socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)!;
        if (error == SocketError.Success)
        {
            connection.IsConnecting = false;
            _preferredAddress = connection.AddressIndex;
            epoll.Change(connection.Descriptor, ConnectionPool.Arrivals, connection.Token);
            SendMore(connection, now);
            return;
        }

        pool.Close(connection);
        TryNextAddress(exchange, new SocketException((int)error), now);
    }

    /// <summary>Sends what is left of a connection's request, as far as there is room.</summary>
    public void SendMore(HttpConnection connection, long now)
    {
        StreamExchange exchange = connection.Exchange!;
        while (exchange.Sent < exchange.Head.Length + exchange.Body.Length)
        {
            int count = connection.Socket.Send(NextPiece(exchange), SocketFlags.None, out SocketError error);
            if (error is SocketError.WouldBlock)
            {
                Await(connection, ConnectionPool.Arrivals | LibcEpoll.Writable, isWaiting: true);
                return;
            }

            if (error != SocketError.Success)
            {
                Broken(connection, exchange, new SocketException((int)error), now);
                return;
            }

            exchange.Sent += count;
        }

        Await(connection, ConnectionPool.Arrivals, isWaiting: false);
    }

    /// <summary>A connection broke under its request.</summary>
    public void Broken(HttpConnection connection, StreamExchange exchange, Exception exception, long now)
    {
        bool wasNeverRead = connection.WasUsed && exchange.Response.IsUntouched && !exchange.WasResent;
        pool.Close(connection);
        if (wasNeverRead)
        {
            exchange.Resend();
            Start(exchange, kept: null);
            return;
        }

        exchange.Fail(FailureText.Of(exception), exception.Message, now);
    }

    private void Start(StreamExchange exchange, HttpConnection? kept)
    {
        long now = MonotonicClock.Now;
        exchange.Begin(now);
        HttpConnection connection;
        try
        {
            connection = kept ?? pool.Open(exchange.AddressIndex);
        }
        catch (SocketException exception)
        {
            TryNextAddress(exchange, exception, now);
            return;
        }

        pool.Assign(connection, exchange, now);
        if (!connection.IsConnecting)
        {
            SendMore(connection, now);
        }
    }

    private ReadOnlySpan<byte> NextPiece(StreamExchange exchange)
    {
        int length = exchange.Head.Length + exchange.Body.Length;
        if (exchange.Sent == 0 && length <= LongestPiece)
        {
            exchange.Head.Span.CopyTo(_piece);
            exchange.Body.Span.CopyTo(_piece.AsSpan(exchange.Head.Length));
            return _piece.AsSpan(0, length);
        }

        return exchange.Sent < exchange.Head.Length ? exchange.Head.Span[exchange.Sent..] : exchange.Body.Span[(exchange.Sent - exchange.Head.Length)..];
    }

    private void TryNextAddress(StreamExchange exchange, SocketException exception, long now)
    {
        exchange.AddressesTried++;
        exchange.AddressIndex = (exchange.AddressIndex + 1) % addressCount;
        if (exchange.AddressesTried < addressCount)
        {
            Start(exchange, kept: null);
            return;
        }

        exchange.Fail(FailureText.Of(exception), exception.Message, now);
    }

    private void Await(HttpConnection connection, uint events, bool isWaiting)
    {
        if (connection.WantsToSend != isWaiting)
        {
            connection.WantsToSend = isWaiting;
            epoll.Change(connection.Descriptor, events, connection.Token);
        }
    }
}
