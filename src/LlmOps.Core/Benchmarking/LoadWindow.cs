namespace LlmOps.Benchmarking;

/// <summary>Decides for each request that is due whether it is still sent, and whether it counts.</summary>
internal sealed class LoadWindow(LoadPoint point) : IDisposable
{
    private readonly CancellationTokenSource _over = new();
    private readonly Lock _lock = new();
    private long _countFrom;
    private long _countUntil = long.MaxValue;
    private long _coolUntil = long.MaxValue;
    private int _taken;
    private int _open;

    /// <summary>Time until no request is sent any more; very long when only the number of requests ends the point.</summary>
    public TimeSpan Remaining
    {
        get
        {
            lock (_lock)
            {
                long end = Math.Min(_countUntil == long.MaxValue ? long.MaxValue : _countUntil + MonotonicClock.Ticks(point.CoolDown), _coolUntil);
                return end == long.MaxValue ? TimeSpan.FromDays(1) : TimeSpan.FromSeconds(Math.Max(0, MonotonicClock.Seconds(MonotonicClock.Now, end)));
            }
        }
    }

    /// <summary>When every request is over, whatever the server does; the end of time when only the number of requests ends the point.</summary>
    public long LatestEnd => _countUntil == long.MaxValue ? long.MaxValue : _countUntil + MonotonicClock.Ticks(point.Grace > point.CoolDown ? point.Grace : point.CoolDown);

    /// <summary>Cancelled when the last counted request has ended: what is still under way was only load.</summary>
    public CancellationToken Over => _over.Token;

    /// <summary>The point begins.</summary>
    public void Begin(long now)
    {
        _countFrom = now + MonotonicClock.Ticks(point.Ramp);
        _countUntil = point.Duration is TimeSpan duration ? _countFrom + MonotonicClock.Ticks(duration) : long.MaxValue;
    }

    /// <summary>Takes the place of one request.</summary>
    /// <param name="due">When it is due.</param>
    /// <returns>Null when no more are sent.</returns>
    public LoadPhase? TryTake(long due)
    {
        lock (_lock)
        {
            if (due < _countFrom)
            {
                return LoadPhase.Ramp;
            }

            if (_taken < point.RequestLimit && due < _countUntil)
            {
                _taken++;
                _open++;
                return LoadPhase.Counted;
            }

            // Another stream's request may have been due before the one that ended the counting.
            if (point.CoolDown == TimeSpan.Zero)
            {
                _coolUntil = due;
                return null;
            }

            if (_coolUntil == long.MaxValue)
            {
                _coolUntil = due + MonotonicClock.Ticks(point.CoolDown);
            }

            return _open > 0 && due < _coolUntil ? LoadPhase.CoolDown : null;
        }
    }

    /// <summary>A request is over.</summary>
    public void Finished(LoadPhase phase)
    {
        if (phase != LoadPhase.Counted)
        {
            return;
        }

        bool isOver;
        lock (_lock)
        {
            isOver = --_open == 0 && (_taken >= point.RequestLimit || MonotonicClock.Now >= _countUntil);
        }

        if (isOver)
        {
            _over.Cancel();
        }
    }

    /// <summary>A place was taken and is not needed.</summary>
    public void Return(LoadPhase phase)
    {
        if (phase == LoadPhase.Counted)
        {
            lock (_lock)
            {
                _taken--;
            }

            Finished(phase);
        }
    }

    public void Dispose() => _over.Dispose();
}
