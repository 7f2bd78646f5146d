using System.Net;
using System.Net.Sockets;
using LlmOps.Native.Libc;

namespace LlmOps.Benchmarking.Transport;

/// <summary>All connections of the transport, those in use and those kept for the next request. Owned by its thread.</summary>
/// <param name="epoll">Watches them.</param>
/// <param name="addresses">The server's addresses.</param>
internal sealed class ConnectionPool(LibcEpoll epoll, IPEndPoint[] addresses) : IDisposable
{
    /// <summary>What a connection is watched for once it is made.</summary>
    public const uint Arrivals = LibcEpoll.Readable | LibcEpoll.ClosedByPeer | LibcEpoll.Once;

    private readonly List<HttpConnection?> _slots = [];
    private readonly Stack<int> _freeSlots = new();
    private readonly List<HttpConnection> _kept = [];
    private int _generation;

    /// <summary>Connections that carry a request.</summary>
    public int Active { get; private set; }

    /// <summary>Those of them whose answer is about to end.</summary>
    public int Ending { get; private set; }

    /// <summary>The connection of an event; null when it has been closed meanwhile.</summary>
    public HttpConnection? Find(long token)
    {
        HttpConnection? connection = _slots[(int)token];
        return connection?.Token == token ? connection : null;
    }

    /// <summary>The connection at the place of an event, though it may be a later one than that of the event; null when there is none.</summary>
    public HttpConnection? Peek(long token) => (uint)token < (uint)_slots.Count ? _slots[(int)token] : null;

    /// <summary>The connection that carries a request; null when none does.</summary>
    public HttpConnection? Find(StreamExchange exchange) => _slots.Find(connection => connection?.Exchange == exchange);

    /// <summary>Connections that carry a request; each may be closed while it is looked at.</summary>
    public IEnumerable<HttpConnection> InUse()
    {
        for (int slot = 0; slot < _slots.Count; slot++)
        {
            if (_slots[slot] is { Exchange: not null } connection)
            {
                yield return connection;
            }
        }
    }

    /// <summary>The connection that was kept last; null when there is none.</summary>
    public HttpConnection? TakeKept()
    {
        if (_kept.Count == 0)
        {
            return null;
        }

        HttpConnection connection = _kept[^1];
        _kept.RemoveAt(_kept.Count - 1);
        return connection;
    }

    /// <summary>Begins a new connection.</summary>
    /// <exception cref="SocketException">It cannot even be begun.</exception>
    public HttpConnection Open(int addressIndex)
    {
        IPEndPoint address = addresses[addressIndex];
        Socket socket = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.NoDelay = true;
            socket.Blocking = false;
            LibcReceive.EnableTimestamps(socket);
            bool isConnecting = IsStillConnecting(socket, address);
            int slot = _freeSlots.TryPop(out int free) ? free : _slots.Count;
            if (slot == _slots.Count)
            {
                _slots.Add(null);
            }

            HttpConnection connection = new(socket, slot, ++_generation, addressIndex) { IsConnecting = isConnecting };
            _slots[slot] = connection;
            epoll.Watch(connection.Descriptor, isConnecting ? LibcEpoll.Writable : Arrivals, connection.Token);
            return connection;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Gives a connection a request to carry.</summary>
    public void Assign(HttpConnection connection, StreamExchange exchange, long now)
    {
        Active++;
        connection.Exchange = exchange;
        connection.LastArrival = now;
    }

    /// <summary>The answer of a connection is about to end.</summary>
    public void MarkEnding(HttpConnection connection)
    {
        Ending++;
        connection.IsEnding = true;
    }

    /// <summary>The answer is there; the connection may carry another.</summary>
    public void Keep(HttpConnection connection)
    {
        Release(connection);
        connection.WasUsed = true;
        _kept.Add(connection);
    }

    /// <summary>Closes a connection unless it is closed already.</summary>
    public void Close(HttpConnection connection)
    {
        if (_slots[connection.Slot] != connection)
        {
            return;
        }

        if (connection.Exchange is null)
        {
            _kept.Remove(connection);
        }
        else
        {
            Release(connection);
        }

        _slots[connection.Slot] = null;
        _freeSlots.Push(connection.Slot);
        connection.Socket.Dispose();
    }

    /// <summary>Closes all; requests under way are given up.</summary>
    public void Dispose()
    {
        foreach (HttpConnection? connection in _slots)
        {
            connection?.Exchange?.Cancel(new CancellationToken(canceled: true));
            connection?.Socket.Dispose();
        }
    }

    private static bool IsStillConnecting(Socket socket, IPEndPoint address)
    {
        try
        {
            socket.Connect(address);
            return false;
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
        {
            return true;
        }
    }

    private void Release(HttpConnection connection)
    {
        Active--;
        Ending -= connection.IsEnding ? 1 : 0;
        connection.IsEnding = false;
        connection.Exchange = null;
        connection.Known = null;
    }
}
