using LlmOps.Native.Libc;

namespace LlmOps.Benchmarking.Transport;

/// <summary>Reads answers from connections, each piece with the moment at which the kernel received it.</summary>
/// <remarks>
/// A read that empties a socket has the kernel acknowledge at once (<c>net/ipv4/tcp.c</c>, <c>__tcp_cleanup_rbuf</c>), and on loopback that carries the acknowledgement all
/// the way into the server's socket: half of what a token costs. So with many streams a read leaves every second chunk in its queue, and the next read
/// takes both: the acknowledgement of every second segment, or after 40 ms, of RFC 1122 4.2.3.2. <see cref="LookPacer"/> says when.
/// </remarks>
internal sealed class ResponseReceiver(ConnectionPool pool, RequestSender sender, DeadlineWatch deadlines, ArrivalClock clock, LookPacer pacer, EndForecast ends)
{
    private const int BufferSize = 256 * 1024;

    /// <summary>More than this is not left in a socket's queue.</summary>
    private const int LargestLeft = 16 * 1024;

    /// <summary>A segment that comes while a batch is read is later than the batch's beginning; no batch takes longer.</summary>
    private static readonly long s_longestBatch = MonotonicClock.Ticks(TimeSpan.FromMilliseconds(20));

    /// <summary>The server has already said that it is done; how long it may take to end the response.</summary>
    private static readonly long s_endOfResponse = MonotonicClock.Ticks(TimeSpan.FromSeconds(1));

    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(BufferSize, pinned: true);

    /// <summary>Reads until there is no more, for there is word of it only once: a read that does not fill the buffer has emptied the socket, unless the end came with it.</summary>
    public void ReceiveAll(HttpConnection connection, bool isClosed, long now)
    {
        while (connection.Exchange is StreamExchange exchange)
        {
            if (!Receive(connection, exchange, isClosed, now) && !isClosed)
            {
                return;
            }

            if (isClosed && exchange.IsOver)
            {
                // It was kept for the next request, but its other end is gone.
                pool.Close(connection);
                return;
            }
        }
    }

    /// <returns>Whether there may be more.</returns>
    private bool Receive(HttpConnection connection, StreamExchange exchange, bool isClosed, long now)
    {
        bool leave = pacer.DefersAcknowledgement && !isClosed && connection.CanLeave(now);
        int room = leave ? LargestLeft : BufferSize;
        int count = LibcReceive.Receive(connection.Descriptor, _buffer.AsSpan(0, room), leave, out long realTime);
        if (count == -LibcError.TryAgain || count == -LibcError.Interrupted)
        {
            return count == -LibcError.Interrupted;
        }

        if (count <= 0)
        {
            Ended(connection, exchange, count, now);
            return false;
        }

        int before = connection.Left;
        connection.Leave(leave ? count : 0);
        if (count == before)
        {
            return false;
        }

        long arrival = realTime == 0 ? MonotonicClock.Now : clock.ToMonotonic(realTime, connection.LastArrival, now + s_longestBatch);
        connection.LastArrival = arrival;
        ReadOnlySpan<byte> bytes = _buffer.AsSpan(before, count - before);
        StreamRecorder recorder;
        int chunks = 1;
        if (connection.Known is StreamRecorder known && PlainEvent.TryRead(bytes, out ReadOnlySpan<byte> data) && known.AcceptKnown(data, arrival))
        {
            recorder = known;
        }
        else
        {
            recorder = exchange.Recorder;
            chunks = -recorder.Chunks;
            if (!Accept(connection, exchange, bytes, arrival, now))
            {
                return false;
            }

            chunks += recorder.Chunks;
        }

        pacer.Read(chunks, isFull: count == room);
        if (recorder.IsNearEnd && connection is { IsEnding: false, Exchange: not null })
        {
            pool.MarkEnding(connection);
        }

        return count == room;
    }

    /// <returns>Whether the connection is still good for something.</returns>
    private bool Accept(HttpConnection connection, StreamExchange exchange, ReadOnlySpan<byte> bytes, long arrival, long now)
    {
        bool wasDone = exchange.IsDone;
        try
        {
            exchange.Accept(bytes, arrival);
        }
        catch (Exception exception) when (FailureText.IsTransportFailure(exception))
        {
            sender.Broken(connection, exchange, exception, now);
            return false;
        }

        connection.Known = exchange.IsBetweenEvents ? exchange.Recorder : null;
        if (exchange.Response.IsComplete)
        {
            Finish(connection, exchange, now);
        }
        else if (exchange.IsDone && !wasDone)
        {
            exchange.EndBy(now + s_endOfResponse);
            deadlines.Add(exchange.Deadline);
        }

        return true;
    }

    private void Finish(HttpConnection connection, StreamExchange exchange, long now)
    {
        pacer.Ended(wasForeseen: ends.Ended(exchange.Recorder.ExpectedChunks, exchange.Recorder.Chunks, connection.IsEnding));
        TakeLeft(connection);
        bool isKept = exchange.Response.KeepsConnection && exchange.Sent == exchange.Head.Length + exchange.Body.Length;
        if (isKept)
        {
            pool.Keep(connection);
        }
        else
        {
            pool.Close(connection);
        }

        exchange.Succeed(now);
    }

    /// <summary>An answer that ended unforeseen was left in the queue.</summary>
    private void TakeLeft(HttpConnection connection)
    {
        if (connection.Left > 0)
        {
            _ = LibcReceive.Receive(connection.Descriptor, _buffer.AsSpan(0, connection.Left), leave: false, out _);
            connection.Leave(0);
        }
    }

    private void Ended(HttpConnection connection, StreamExchange exchange, int count, long now)
    {
        pacer.Ended(wasForeseen: connection.IsEnding);
        if (count == 0 && exchange.Response.AcceptEnd())
        {
            pool.Close(connection);
            exchange.Succeed(now);
            return;
        }

        sender.Broken(connection, exchange, count == 0 ? new HttpIOException(HttpRequestError.ResponseEnded) : LibcError.ToException(-count), now);
    }
}
