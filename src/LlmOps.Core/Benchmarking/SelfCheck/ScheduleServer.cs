using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime;
using System.Text;
using LlmOps.Native.Libc;

namespace LlmOps.Benchmarking.SelfCheck;

/// <summary>A server of the OpenAI protocol that generates nothing: it sends each token when it is due and remembers when it did. Linux only.</summary>
/// <remarks>
/// The first token is due a fixed time after the last byte of the request arrived, each next one a fixed interval later. Streams are
/// spread over one interval, as those of a real server are not but as an honest test of timing needs: else the server would owe all
/// streams a token at the same instant and be late by itself. <c>GET /sent</c> tells the moments of sending on the monotonic clock,
/// <c>GET /counters</c> the totals. One word of a prompt is one token.
/// </remarks>
/// <param name="firstToken">From the request to its first token.</param>
/// <param name="interval">From token to token.</param>
public sealed class ScheduleServer(TimeSpan firstToken, TimeSpan interval) : IDisposable
{
    private const int Phases = 64;

    /// <summary>A server that nobody uses any more ends by itself, however its starter ended.</summary>
    private const int IdleMilliseconds = 60_000;

    private const long ListenerToken = -1;
    private const long StopToken = -2;

    private readonly LibcEpoll _epoll = new(2048);
    private readonly LibcEvent _stop = new();
    private readonly ArrivalClock _clock = new();
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<ScheduleConnection?> _connections = [];
    private readonly Stack<int> _freeSlots = new();
    private readonly PriorityQueue<ScheduleConnection, long> _due = new();
    private readonly List<ScheduledStream> _streams = [];
    private readonly byte[] _buffer = new byte[256 * 1024];
    private readonly long _firstToken = (long)(firstToken.TotalSeconds * 1e9);
    private readonly long _interval = (long)(interval.TotalSeconds * 1e9);

    /// <summary>Listens on a free port of loopback.</summary>
    /// <returns>The port.</returns>
    public int Listen()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(4096);
        _listener.Blocking = false;
        _epoll.Watch((int)_listener.Handle, LibcEpoll.Readable, ListenerToken);
        _epoll.Watch(_stop.Descriptor, LibcEpoll.Readable, StopToken);
        return ((IPEndPoint)_listener.LocalEndPoint!).Port;
    }

    /// <summary>Makes <see cref="Run"/> return.</summary>
    public void Stop() => _stop.Set();

    /// <summary>Serves until <see cref="Stop"/> is called or nobody has asked anything for a minute.</summary>
    public void Run()
    {
        GCSettings.LatencyMode = GCLatencyMode.SustainedLowLatency;
        while (true)
        {
            long now = MonotonicClock.Nanoseconds;
            while (_due.TryPeek(out ScheduleConnection? connection, out long due) && due <= now)
            {
                SendToken(_due.Dequeue());
                now = MonotonicClock.Nanoseconds;
            }

            if (_due.TryPeek(out _, out long next))
            {
                LibcEvent.WaitFor(_epoll.Descriptor, Math.Max(1, next - now));
            }

            int count = _epoll.Wait(_due.Count > 0 ? 0 : IdleMilliseconds);
            _clock.Update();
            if (count == 0 && _due.Count == 0)
            {
                return;
            }

            for (int index = 0; index < count; index++)
            {
                long token = _epoll.Token(index);
                if (token == StopToken)
                {
                    return;
                }

                if (token == ListenerToken)
                {
                    Accept();
                }
                else if (_connections[(int)token] is ScheduleConnection connection)
                {
                    Read(connection);
                }
            }
        }
    }

    /// <summary>Ends all connections.</summary>
    public void Dispose()
    {
        _listener.Dispose();
        foreach (ScheduleConnection? connection in _connections)
        {
            connection?.Socket.Dispose();
        }

        _epoll.Dispose();
        _stop.Dispose();
    }

    private void Accept()
    {
        while (_listener.Poll(0, SelectMode.SelectRead))
        {
            Socket socket = _listener.Accept();
            socket.NoDelay = true;
            socket.Blocking = false;
            LibcReceive.EnableTimestamps(socket);
            int slot = _freeSlots.TryPop(out int free) ? free : _connections.Count;
            if (slot == _connections.Count)
            {
                _connections.Add(null);
            }

            _connections[slot] = new ScheduleConnection(socket, slot);
            _epoll.Watch((int)socket.Handle, LibcEpoll.Readable, slot);
        }
    }

    private void Read(ScheduleConnection connection)
    {
        int count = LibcReceive.Receive((int)connection.Socket.Handle, _buffer, leave: false, out long realTime);
        if (count is -LibcError.TryAgain or -LibcError.Interrupted)
        {
            return;
        }

        if (count <= 0)
        {
            Close(connection);
            return;
        }

        if (connection.Accept(_buffer.AsSpan(0, count)))
        {
            // When it reached this machine: that many requests come at once and are read one after another is no delay of the client.
            long read = MonotonicClock.Nanoseconds;
            Answer(connection, realTime == 0 ? read : _clock.ToMonotonic(realTime, earliest: 0, read));
            connection.Forget();
        }
    }

    private void Answer(ScheduleConnection connection, long now)
    {
        switch (connection.Target)
        {
            case "/v1/chat/completions" or "/v1/completions":
                long phase = _streams.Count % Phases * (_interval / Phases);
                ScheduledStream stream = new(
                    string.Create(CultureInfo.InvariantCulture, $"chatcmpl-{_streams.Count}"), now, now + _firstToken + phase, _interval, connection.Words, connection.MaximumTokens);
                _streams.Add(stream);
                connection.Stream = stream;
                Send(connection, ScheduledStream.Head);
                _due.Enqueue(connection, stream.NextDue);
                break;
            case "/health":
                SendJson(connection, "{\"status\":\"ok\"}");
                break;
            case "/v1/models":
                SendJson(connection, "{\"data\":[{\"id\":\"schedule\"}]}");
                break;
            case "/tokenize":
                SendJson(connection, $"{{\"tokens\":[{string.Join(',', Enumerable.Repeat("0", connection.Words))}]}}");
                break;
            case "/counters":
                SendJson(connection, string.Create(CultureInfo.InvariantCulture, $"{{\"requests\":{_streams.Count},\"promptTokens\":{_streams.Sum(static stream => (long)stream.PromptTokens)},\"outputTokens\":{_streams.Sum(static stream => (long)stream.Count)}}}"));
                break;
            case "/sent":
                SendJson(connection, $"{{\"streams\":[{string.Join(',', _streams.Select(static stream => stream.ToJson()))}]}}");
                break;
            default:
                Send(connection, "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}"u8);
                break;
        }
    }

    private void SendToken(ScheduleConnection connection)
    {
        if (connection.Stream is not ScheduledStream stream)
        {
            return;
        }

        long now = MonotonicClock.Nanoseconds;
        int sent = connection.Socket.Send(stream.Chunk, SocketFlags.None, out SocketError error);
        if (error == SocketError.WouldBlock)
        {
            // The client does not keep up; the token is late, which its moment of sending shows.
            _due.Enqueue(connection, now + 100_000);
            return;
        }

        if (error != SocketError.Success || sent != stream.Chunk.Length)
        {
            Close(connection);
            return;
        }

        stream.Mark(now);
        if (stream.Count < stream.MaximumTokens)
        {
            _due.Enqueue(connection, stream.NextDue);
            return;
        }

        Send(connection, stream.Tail);
        connection.Stream = null;
    }

    private void SendJson(ScheduleConnection connection, string json) =>
        Send(connection, Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {json.Length}\r\n\r\n{json}")));

    private void Send(ScheduleConnection connection, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            int sent = connection.Socket.Send(bytes, SocketFlags.None, out SocketError error);
            if (error == SocketError.WouldBlock)
            {
                connection.Socket.Poll(TimeSpan.FromMilliseconds(10), SelectMode.SelectWrite);
                continue;
            }

            if (error != SocketError.Success)
            {
                Close(connection);
                return;
            }

            bytes = bytes[sent..];
        }
    }

    private void Close(ScheduleConnection connection)
    {
        connection.Stream = null;
        if (_connections[connection.Slot] == connection)
        {
            _connections[connection.Slot] = null;
            _freeSlots.Push(connection.Slot);
            connection.Socket.Dispose();
        }
    }
}
