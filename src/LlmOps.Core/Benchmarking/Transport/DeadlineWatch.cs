namespace LlmOps.Benchmarking.Transport;

/// <summary>Ends requests that take too long or fall silent. Looked at only when the soonest moment has come, so that no token pays for it.</summary>
internal sealed class DeadlineWatch(ConnectionPool pool)
{
    /// <summary>The soonest moment at which a request may have to end.</summary>
    public long Next { get; private set; } = long.MaxValue;

    /// <summary>A request has this deadline.</summary>
    public void Add(long deadline) => Next = Math.Min(Next, deadline);

    /// <summary>Ends what is due to end.</summary>
    public void Expire(long now)
    {
        if (now < Next)
        {
            return;
        }

        Next = long.MaxValue;
        foreach (HttpConnection connection in pool.InUse())
        {
            StreamExchange exchange = connection.Exchange!;
            long silentUntil = exchange.HasBegun ? connection.LastArrival + exchange.StallTicks : long.MaxValue;
            long end = Math.Min(exchange.Deadline, silentUntil);
            if (end > now)
            {
                Next = Math.Min(Next, end);
                continue;
            }

            bool isStalled = silentUntil <= now && exchange.Deadline > now;
            pool.Close(connection);
            exchange.Fail(isStalled ? FailureText.Stalled : FailureText.Timeout, detail: null, now);
        }
    }
}
