namespace LlmOps.Benchmarking.Transport;

/// <summary>Decides how long the transport's thread leaves its sockets alone, so that one wake-up serves many of them.</summary>
/// <remarks>
/// The kernel says when bytes arrived, so a pause changes no moment, with two exceptions that are watched for: two chunks of one stream that
/// arrive within a pause have one moment, and the next request of a stream is sent when the end of the last one is seen. So the
/// pause is short until a thousand reads have shown that chunks come one by one, and while an answer is about to end; and even where the thread is woken as late
/// as it was lately, pause and delay together are shorter than the time between two chunks of a stream.
/// </remarks>
internal sealed class LookPacer
{
    /// <summary>From this many streams on, wake-ups cost more than they tell.</summary>
    private const int ManyStreams = 16;

    private const long ShortestNanoseconds = 1_000_000;

    private const long LongestNanoseconds = 16_000_000;

    /// <summary>Hundredths of the time between two chunks of a stream that a pause may take: what is left is for chunks and looks that come late.</summary>
    private const long ShareOfGap = 50;

    /// <summary>Hundredths of it that a pause may take with the delay after which the thread is woken.</summary>
    private const long ShareOfGapWithDelay = 90;

    /// <summary>Woken later than this the thread did not run, and what it finds says nothing of the pause.</summary>
    private const long LateNanoseconds = 4_000_000;

    private const int ReadsToJudge = 1024;

    /// <summary>One in so many reads may have held more than one chunk.</summary>
    private const int ReadsForEachJoined = 100;

    /// <summary>Hundredths of a delay that are still reckoned with after the next judgement: what holds a thread up comes again.</summary>
    private const long DelayKept = 75;

    private long _longest = LongestNanoseconds;
    private long _pause = ShortestNanoseconds;
    private long _asked;
    private long _lastLook;
    private long _interval;
    private long _watched;
    private long _gap;
    private long _longestDelay;
    private long _delay;
    private int _active;
    private int _readsBefore;
    private int _watchedReads;
    private int _reads;
    private int _joined;
    private bool _wasHeldUp;
    private bool _sawFullRead;
    private bool _defers;
    private bool _mustNotDefer;
    private bool _isSuspected;

    /// <summary>
    /// Whether the acknowledgement of a chunk can wait for the next one. A server that sends nothing while something is unacknowledged (without <c>TCP_NODELAY</c>)
    /// would join its chunks for that; where they come joined, and a shorter pause does not help, each is acknowledged again, for good.
    /// </summary>
    public bool DefersAcknowledgement => _defers && _asked > 0;

    /// <summary>Nanoseconds to leave the sockets alone; 0 to wait for the next event.</summary>
    /// <param name="active">Requests under way.</param>
    /// <param name="ending">Those of them whose answer is about to end.</param>
    public long Pause(int active, int ending)
    {
        _active = active;
        return _asked = active < ManyStreams || _sawFullRead ? 0 : ending > 0 ? ShortestNanoseconds : _pause;
    }

    /// <summary>The thread begins to look.</summary>
    /// <param name="now">Nanoseconds, which ticks are where there is epoll.</param>
    public void Look(long now)
    {
        // Looks that found nothing, as before the first answers begin, or found what had piled up, say nothing of the time between chunks.
        if (_reads > _readsBefore && !_wasHeldUp)
        {
            _watched += _interval;
            _watchedReads += _reads - _readsBefore;
        }

        _readsBefore = _reads;
        _interval = now - _lastLook;

        // Chunks that piled up while the thread was not scheduled say nothing of the pause.
        _wasHeldUp = _interval > _pause + LateNanoseconds;
        _longestDelay = Math.Max(_longestDelay, _asked > 0 ? _interval - _asked : 0);
        _lastLook = now;
        _sawFullRead = false;
        if (_reads >= ReadsToJudge)
        {
            Judge();
        }
    }

    /// <summary>A socket was read.</summary>
    /// <param name="chunks">Chunks with output that the read held.</param>
    /// <param name="isFull">Whether there may be more to read.</param>
    public void Read(int chunks, bool isFull)
    {
        _sawFullRead |= isFull;
        _reads++;
        _joined += chunks > 1 && !_wasHeldUp ? 1 : 0;
    }

    /// <summary>An answer is over. Ends that are not foreseen would be seen late.</summary>
    public void Ended(bool wasForeseen)
    {
        _longest = wasForeseen ? _longest : ShortestNanoseconds;
        _pause = Math.Min(_pause, _longest);
    }

    private void Judge()
    {
        if (_joined * ReadsForEachJoined > _reads)
        {
            // The pause is suspected first. When a shorter one does not help, it was the deferral, and the pause may grow again.
            bool isDeferralsFault = _defers && _isSuspected;
            _mustNotDefer |= isDeferralsFault;
            _longest = isDeferralsFault ? LongestNanoseconds : Math.Max(ShortestNanoseconds, _pause / 2);
            _isSuspected = true;
        }

        _defers = !_mustNotDefer;

        // Each stream that is answered has a chunk in every gap; where some are not yet, the gap is shorter than this, and joined chunks tell.
        _gap = 2 * _watchedReads >= _reads ? _watched * _active / _watchedReads : _gap;

        // Against a delay longer than the gap no pause helps.
        _delay = Math.Max(Math.Min(_longestDelay, _gap), _delay * DelayKept / 100);
        long room = Math.Min(_gap * ShareOfGap / 100, (_gap * ShareOfGapWithDelay / 100) - _delay);
        _pause = Math.Clamp(room, ShortestNanoseconds, Math.Min(_longest, 2 * _pause));
        (_watched, _watchedReads, _longestDelay, _reads, _readsBefore, _joined) = (0, 0, 0, 0, 0, 0);
    }
}
