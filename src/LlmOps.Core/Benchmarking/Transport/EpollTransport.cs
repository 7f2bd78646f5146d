using System.Collections.Concurrent;
using System.Net;
using LlmOps.Native.Libc;

namespace LlmOps.Benchmarking.Transport;

/// <summary>Plain HTTP/1.1 on Linux: one thread that owns all connections, allocates nothing per token and takes arrival times from the kernel.</summary>
/// <remarks>With many streams the thread looks now and then instead of once per segment: see <see cref="LookPacer"/>.</remarks>
internal sealed class EpollTransport : IDisposable
{
    private const int EventsAtOnce = 2048;
    private const long WakeToken = -1;
    private const uint Closed = LibcEpoll.ClosedByPeer | LibcEpoll.Broken;

    private readonly LibcEpoll _epoll = new(EventsAtOnce);
    private readonly LibcEvent _wake = new();
    private readonly ArrivalClock _clock = new();
    private readonly LookPacer _pacer = new();
    private readonly EndForecast _ends = new();
    private readonly ConcurrentQueue<(StreamExchange Exchange, CancellationToken Canceled)> _commands = new();
    private readonly ConnectionPool _pool;
    private readonly DeadlineWatch _deadlines;
    private readonly RequestSender _sender;
    private readonly ResponseReceiver _receiver;
    private readonly Thread _thread;
    private volatile bool _stopping;
    private int _isWoken;

    /// <param name="addresses">The server's addresses, tried in this order.</param>
    public EpollTransport(IPEndPoint[] addresses)
    {
        _pool = new ConnectionPool(_epoll, addresses);
        _deadlines = new DeadlineWatch(_pool);
        _sender = new RequestSender(_epoll, _pool, addresses.Length);
        _receiver = new ResponseReceiver(_pool, _sender, _deadlines, _clock, _pacer, _ends);
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
        if (Interlocked.Exchange(ref _isWoken, 1) == 0)
        {
            _wake.Set();
        }
    }

    private void Run()
    {
        while (!_stopping)
        {
            int count = Wait();
            long now = _clock.Update();
            _pacer.Look(now);
            for (int index = 0; index < count; index++)
            {
                FetchAhead(index, count);
                long token = _epoll.Token(index);
                if (token == WakeToken)
                {
                    _wake.Reset();
                }
                else if (_pool.Find(token) is HttpConnection connection)
                {
                    Handle(connection, _epoll.Events(index), now);
                }
            }

            // Only then the queue: what comes after this wakes the thread again.
            Interlocked.Exchange(ref _isWoken, 0);
            while (_commands.TryDequeue(out (StreamExchange Exchange, CancellationToken Canceled) command))
            {
                Obey(command.Exchange, command.Canceled);
            }

            _deadlines.Expire(now);
        }

        _pool.Dispose();
    }

    /// <summary>What is known of a stream has left the processor's cache since its last token; while one token is read, that of the next ones is fetched, each step by what the step before it brought.</summary>
    private void FetchAhead(int index, int count)
    {
        if (index + 3 < count)
        {
            _pool.Peek(_epoll.Token(index + 3))?.FetchAhead();
            _pool.Peek(_epoll.Token(index + 2))?.Known?.FetchAhead();
            _pool.Peek(_epoll.Token(index + 1))?.Known?.FetchContentAhead();
        }
    }

    private int Wait()
    {
        long pause = _pacer.Pause(_pool.Active, _pool.Ending);
        if (pause > 0)
        {
            _wake.Wait(pause);
            return _epoll.Wait(0);
        }

        if (_deadlines.Next == long.MaxValue)
        {
            return _epoll.Wait(-1);
        }

        double seconds = MonotonicClock.Seconds(MonotonicClock.Now, _deadlines.Next);
        return _epoll.Wait((int)Math.Clamp(Math.Ceiling(seconds * 1000), 0, 60_000));
    }

    private void Obey(StreamExchange exchange, CancellationToken canceled)
    {
        if (canceled.IsCancellationRequested)
        {
            exchange.Cancel(canceled);
            if (_pool.Find(exchange) is HttpConnection connection)
            {
                _pool.Close(connection);
            }
        }
        else if (!exchange.IsOver)
        {
            _deadlines.Add(Math.Min(exchange.Deadline, MonotonicClock.Now + exchange.StallTicks));
            exchange.Recorder.ExpectEnd(_ends.NearEnd(exchange.Recorder.ExpectedChunks));
            _sender.Send(exchange);
        }
    }

    private void Handle(HttpConnection connection, uint events, long now)
    {
        if (connection.Exchange is null)
        {
            // The server closed a connection that was kept, or speaks unasked.
            _pool.Close(connection);
        }
        else if (connection.IsConnecting)
        {
            _sender.Connected(connection, connection.Exchange, now);
        }
        else
        {
            if (connection.WantsToSend)
            {
                _sender.SendMore(connection, now);
                if (connection is not { Exchange: not null, WantsToSend: true })
                {
                    return;
                }

                // An answer before the request was taken is a refusal.
            }

            _receiver.ReceiveAll(connection, (events & Closed) != 0, now);
        }
    }
}
