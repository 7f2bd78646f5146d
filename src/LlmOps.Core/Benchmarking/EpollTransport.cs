using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using LlmOps.Native.Libc;

namespace LlmOps.Benchmarking;

/// <summary>Plain HTTP/1.1 on Linux: one thread that owns all connections, allocates nothing per token and takes arrival times from the kernel.</summary>
/// <remarks>
/// With many streams the thread looks every millisecond instead of once per segment, which a tenth of the cost buys; because the
/// kernel says when each segment arrived, what is measured does not depend on when the thread looked.
/// A kept connection that turns out to be closed costs nothing: the request goes out once more on a new one.
/// </remarks>
internal sealed class EpollTransport : IDisposable
{
    private const int BufferSize = 256 * 1024;
    private const int EventsAtOnce = 2048;
    private const long WakeToken = -1;
    private const uint Arrivals = LibcEpoll.Readable | LibcEpoll.ClosedByPeer | LibcEpoll.Once;
    private const uint Closed = LibcEpoll.ClosedByPeer | LibcEpoll.Broken;

    /// <summary>A segment that comes while a batch is read is later than the batch's beginning; no batch takes longer.</summary>
    private static readonly long s_longestBatch = MonotonicClock.Ticks(TimeSpan.FromMilliseconds(20));

    /// <summary>From this many streams on, wake-ups cost more than they tell.</summary>
    private const int ManyStreams = 16;

    private const long BatchNanoseconds = 1_000_000;

    /// <summary>The server has already said that it is done; how long it may take to end the response.</summary>
    private static readonly long s_endOfResponse = MonotonicClock.Ticks(TimeSpan.FromSeconds(1));

    private readonly LibcEpoll _epoll = new(EventsAtOnce);
    private readonly LibcEvent _wake = new();
    private readonly ArrivalClock _clock = new();
    private readonly ConcurrentQueue<(StreamExchange Exchange, CancellationToken Canceled)> _commands = new();
    private readonly List<HttpConnection?> _slots = [];
    private readonly Stack<int> _freeSlots = new();
    private readonly Stack<HttpConnection> _idle = new();
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(BufferSize, pinned: true);
    private readonly IPEndPoint[] _addresses;
    private readonly Thread _thread;
    private volatile bool _stopping;
    private int _preferredAddress;
    private int _active;
    private int _generation;
    private long _nextDeadline = long.MaxValue;
    private bool _sawFullRead;

    /// <param name="addresses">The server's addresses, tried in this order.</param>
    public EpollTransport(IPEndPoint[] addresses)
    {
        _addresses = addresses;
        _epoll.Watch(_wake.Descriptor, LibcEpoll.Readable, WakeToken);
        _thread = new Thread(Run) { IsBackground = true, Name = "llmops-load" };
        _thread.Start();
    }

    /// <summary>Sends a request; its <see cref="StreamExchange.Completion"/> tells the rest.</summary>
    public void Send(StreamExchange exchange) => Enqueue(exchange, CancellationToken.None);

    /// <summary>Gives a request up and closes its connection.</summary>
    public void Cancel(StreamExchange exchange, CancellationToken cancellationToken) => Enqueue(exchange, cancellationToken);

    public void Dispose()
    {
        _stopping = true;
        _wake.Set();
        _thread.Join();
        _epoll.Dispose();
        _wake.Dispose();
    }

    private void Enqueue(StreamExchange exchange, CancellationToken canceled)
    {
        _commands.Enqueue((exchange, canceled));
        _wake.Set();
    }

    private void Run()
    {
        while (!_stopping)
        {
            int count = Wait();
            long now = _clock.Update();
            _sawFullRead = false;
            for (int index = 0; index < count; index++)
            {
                long token = _epoll.Token(index);
                if (token == WakeToken)
                {
                    _wake.Reset();
                }
                else if (Find(token) is HttpConnection connection)
                {
                    Handle(connection, _epoll.Events(index), now);
                }
            }

            while (_commands.TryDequeue(out (StreamExchange Exchange, CancellationToken Canceled) command))
            {
                Obey(command.Exchange, command.Canceled);
            }

            if (now >= _nextDeadline)
            {
                Expire(now);
            }
        }

        foreach (HttpConnection? connection in _slots)
        {
            connection?.Exchange?.Cancel(new CancellationToken(canceled: true));
            connection?.Socket.Dispose();
        }
    }

    private int Wait()
    {
        if (_active >= ManyStreams && !_sawFullRead)
        {
            _wake.Wait(BatchNanoseconds);
            return _epoll.Wait(0);
        }

        if (_nextDeadline == long.MaxValue)
        {
            return _epoll.Wait(-1);
        }

        double seconds = MonotonicClock.Seconds(MonotonicClock.Now, _nextDeadline);
        return _epoll.Wait((int)Math.Clamp(Math.Ceiling(seconds * 1000), 0, 60_000));
    }

    private HttpConnection? Find(long token)
    {
        HttpConnection? connection = _slots[(int)token];
        return connection?.Token == token ? connection : null;
    }

    private void Obey(StreamExchange exchange, CancellationToken canceled)
    {
        if (canceled.IsCancellationRequested)
        {
            exchange.Cancel(canceled);
            foreach (HttpConnection? connection in _slots)
            {
                if (connection?.Exchange == exchange)
                {
                    Close(connection);
                    break;
                }
            }

            return;
        }

        if (!exchange.IsOver)
        {
            _nextDeadline = Math.Min(_nextDeadline, Math.Min(exchange.Deadline, MonotonicClock.Now + exchange.StallTicks));
            exchange.AddressIndex = _preferredAddress;
            Start(exchange, _idle.TryPop(out HttpConnection? kept) ? kept : null);
        }
    }

    private void Start(StreamExchange exchange, HttpConnection? kept)
    {
        long now = MonotonicClock.Now;
        exchange.Begin(now);
        HttpConnection connection;
        try
        {
            connection = kept ?? Connect(exchange.AddressIndex);
        }
        catch (SocketException exception)
        {
            TryNextAddress(exchange, exception, now);
            return;
        }

        _active++;
        connection.Exchange = exchange;
        connection.LastArrival = now;
        if (!connection.IsConnecting)
        {
            SendMore(connection, now);
        }
    }

    private HttpConnection Connect(int addressIndex)
    {
        IPEndPoint address = _addresses[addressIndex];
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
            _epoll.Watch(connection.Descriptor, connection.IsConnecting ? LibcEpoll.Writable : Arrivals, connection.Token);
            return connection;
        }
        catch
        {
            socket.Dispose();
            throw;
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

    private void Handle(HttpConnection connection, uint events, long now)
    {
        if (connection.Exchange is null)
        {
            // The server closed a connection that was kept, or speaks unasked.
            Close(connection);
        }
        else if (connection.IsConnecting)
        {
            Connected(connection, connection.Exchange, now);
        }
        else if (connection.WantsToSend)
        {
            SendMore(connection, now);
            if (connection is { Exchange: not null, WantsToSend: true })
            {
                // An answer before the request was taken is a refusal.
                ReceiveAll(connection, (events & Closed) != 0, now);
            }
        }
        else
        {
            ReceiveAll(connection, (events & Closed) != 0, now);
        }
    }

    private void Connected(HttpConnection connection, StreamExchange exchange, long now)
    {
        SocketError error = (SocketError)(int)connection.Socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)!;
        if (error == SocketError.Success)
        {
            connection.IsConnecting = false;
            _preferredAddress = connection.AddressIndex;
            _epoll.Change(connection.Descriptor, Arrivals, connection.Token);
            SendMore(connection, now);
            return;
        }

        Close(connection);
        TryNextAddress(exchange, new SocketException((int)error), now);
    }

    private void TryNextAddress(StreamExchange exchange, SocketException exception, long now)
    {
        exchange.AddressesTried++;
        exchange.AddressIndex = (exchange.AddressIndex + 1) % _addresses.Length;
        if (exchange.AddressesTried < _addresses.Length)
        {
            Start(exchange, kept: null);
            return;
        }

        exchange.Fail(FailureText.Of(exception), exception.Message, now);
    }

    private void SendMore(HttpConnection connection, long now)
    {
        StreamExchange exchange = connection.Exchange!;
        while (exchange.Sent < exchange.Head.Length + exchange.Body.Length)
        {
            ReadOnlyMemory<byte> part = exchange.Sent < exchange.Head.Length ? exchange.Head[exchange.Sent..] : exchange.Body[(exchange.Sent - exchange.Head.Length)..];
            int count = connection.Socket.Send(part.Span, SocketFlags.None, out SocketError error);
            if (error is SocketError.WouldBlock)
            {
                if (!connection.WantsToSend)
                {
                    connection.WantsToSend = true;
                    _epoll.Change(connection.Descriptor, Arrivals | LibcEpoll.Writable, connection.Token);
                }

                return;
            }

            if (error != SocketError.Success)
            {
                Broken(connection, exchange, new SocketException((int)error), now);
                return;
            }

            exchange.Sent += count;
        }

        if (connection.WantsToSend)
        {
            connection.WantsToSend = false;
            _epoll.Change(connection.Descriptor, Arrivals, connection.Token);
        }
    }

    /// <summary>Reads until there is no more, for there is word of it only once: a read that does not fill the buffer has emptied the socket, unless the end came with it.</summary>
    private void ReceiveAll(HttpConnection connection, bool isClosed, long now)
    {
        while (connection.Exchange is StreamExchange exchange)
        {
            if (!Receive(connection, exchange, now) && !isClosed)
            {
                return;
            }

            if (isClosed && exchange.IsOver)
            {
                // It was kept for the next request, but its other end is gone.
                Discard(connection);
                return;
            }
        }
    }

    /// <returns>Whether there may be more.</returns>
    private bool Receive(HttpConnection connection, StreamExchange exchange, long now)
    {
        int count = LibcReceive.Receive(connection.Descriptor, _buffer, out long realTime);
        if (count == -LibcError.TryAgain || count == -LibcError.Interrupted)
        {
            return count == -LibcError.Interrupted;
        }

        if (count <= 0)
        {
            Ended(connection, exchange, count, now);
            return false;
        }

        long arrival = realTime == 0 ? MonotonicClock.Now : _clock.ToMonotonic(realTime, connection.LastArrival, now + s_longestBatch);
        connection.LastArrival = arrival;
        _sawFullRead |= count == BufferSize;
        bool wasDone = exchange.IsDone;
        try
        {
            exchange.Accept(_buffer.AsSpan(0, count), arrival);
        }
        catch (Exception exception) when (FailureText.IsTransportFailure(exception))
        {
            Broken(connection, exchange, exception, now);
            return false;
        }

        if (exchange.Response.IsComplete)
        {
            Finish(connection, exchange, now);
        }
        else if (exchange.IsDone && !wasDone)
        {
            exchange.EndBy(now + s_endOfResponse);
            _nextDeadline = Math.Min(_nextDeadline, exchange.Deadline);
        }

        return count == BufferSize;
    }

    private void Finish(HttpConnection connection, StreamExchange exchange, long now)
    {
        bool isKept = exchange.Response.KeepsConnection && exchange.Sent == exchange.Head.Length + exchange.Body.Length;
        if (isKept)
        {
            _active--;
            connection.Exchange = null;
            connection.WasUsed = true;
            _idle.Push(connection);
        }
        else
        {
            Close(connection);
        }

        exchange.Succeed(now);
    }

    private void Ended(HttpConnection connection, StreamExchange exchange, int count, long now)
    {
        if (count == 0 && exchange.Response.AcceptEnd())
        {
            Close(connection);
            exchange.Succeed(now);
            return;
        }

        Broken(connection, exchange, count == 0 ? new HttpIOException(HttpRequestError.ResponseEnded) : LibcError.ToException(-count), now);
    }

    private void Broken(HttpConnection connection, StreamExchange exchange, Exception exception, long now)
    {
        bool wasNeverRead = connection.WasUsed && exchange.Response.IsUntouched && !exchange.WasResent;
        Close(connection);
        if (wasNeverRead)
        {
            exchange.Resend();
            Start(exchange, kept: null);
            return;
        }

        exchange.Fail(FailureText.Of(exception), exception.Message, now);
    }

    private void Expire(long now)
    {
        _nextDeadline = long.MaxValue;
        for (int slot = 0; slot < _slots.Count; slot++)
        {
            if (_slots[slot] is not { Exchange: StreamExchange exchange } connection)
            {
                continue;
            }

            // How long a stream has been silent is looked at only here, so that no token pays for it.
            long silentUntil = exchange.HasBegun ? connection.LastArrival + exchange.StallTicks : long.MaxValue;
            long end = Math.Min(exchange.Deadline, silentUntil);
            if (end > now)
            {
                _nextDeadline = Math.Min(_nextDeadline, end);
                continue;
            }

            bool isStalled = silentUntil <= now && exchange.Deadline > now;
            Close(connection);
            exchange.Fail(isStalled ? FailureText.Stalled : FailureText.Timeout, detail: null, now);
        }
    }

    private void Close(HttpConnection connection)
    {
        if (connection.Exchange is not null)
        {
            _active--;
            connection.Exchange = null;
        }
        else
        {
            RemoveIdle(connection);
        }

        _slots[connection.Slot] = null;
        _freeSlots.Push(connection.Slot);
        connection.Socket.Dispose();
    }

    /// <summary>Closes a connection unless it is closed already.</summary>
    private void Discard(HttpConnection connection)
    {
        if (_slots[connection.Slot] == connection)
        {
            Close(connection);
        }
    }

    private void RemoveIdle(HttpConnection connection)
    {
        HttpConnection[] others = [.. _idle];
        _idle.Clear();
        for (int index = others.Length - 1; index >= 0; index--)
        {
            if (others[index] != connection)
            {
                _idle.Push(others[index]);
            }
        }
    }
}
