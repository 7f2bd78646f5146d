namespace LlmOps.Benchmarking;

/// <summary>Cuts the time of a load point into equal slices.</summary>
internal sealed class TimelineFold
{
    /// <summary>Enough to see a trend, few enough to read.</summary>
    private const int MostSlices = 120;

    private const double ShortestSlice = 0.1;

    private readonly long _start;
    private readonly double _seconds;
    private readonly double[] _tokens;
    private readonly double[] _inFlight;
    private readonly int[] _started;
    private readonly int[] _finished;
    private readonly int[] _failed;

    private TimelineFold(long start, double seconds)
    {
        int count = (int)Math.Clamp(Math.Ceiling(seconds / ShortestSlice), 1, MostSlices);
        (_start, _seconds) = (start, seconds / count);
        (_tokens, _inFlight, _started, _finished, _failed) = (new double[count], new double[count], new int[count], new int[count], new int[count]);
    }

    /// <param name="samples">All requests of the point, those not counted included.</param>
    public static IReadOnlyList<TimelineSlice> Of(IReadOnlyList<RequestSample> samples)
    {
        long first = long.MaxValue;
        long last = long.MinValue;
        foreach (RequestSample sample in samples)
        {
            first = Math.Min(first, sample.ScheduledAt);
            last = Math.Max(last, sample.EndedAt);
        }

        if (first >= last)
        {
            return [];
        }

        TimelineFold fold = new(first, MonotonicClock.Seconds(first, last));
        foreach (RequestSample sample in samples)
        {
            fold.Add(sample);
        }

        return fold.ToSlices();
    }

    private void Add(RequestSample sample)
    {
        _started[IndexOf(sample.StartedAt)]++;
        _finished[IndexOf(sample.EndedAt)]++;
        _failed[IndexOf(sample.EndedAt)] += sample.Error is null ? 0 : 1;
        double from = MonotonicClock.Seconds(_start, sample.StartedAt);
        double to = MonotonicClock.Seconds(_start, sample.EndedAt);
        for (int index = IndexOf(sample.StartedAt); index <= IndexOf(sample.EndedAt); index++)
        {
            _inFlight[index] += Math.Max(0, Math.Min(to, (index + 1) * _seconds) - Math.Max(from, index * _seconds));
        }

        double tokensPerChunk = sample.ChunkTimes.Length == 0 ? 0 : (double)sample.OutputTokens / sample.ChunkTimes.Length;
        foreach (long time in sample.ChunkTimes.Span)
        {
            _tokens[IndexOf(time)] += tokensPerChunk;
        }
    }

    private int IndexOf(long moment) => Math.Clamp((int)(MonotonicClock.Seconds(_start, moment) / _seconds), 0, _tokens.Length - 1);

    private TimelineSlice[] ToSlices()
    {
        TimelineSlice[] slices = new TimelineSlice[_tokens.Length];
        for (int index = 0; index < slices.Length; index++)
        {
            slices[index] = new TimelineSlice(index * _seconds, _seconds, _tokens[index] / _seconds, _inFlight[index] / _seconds, _started[index], _finished[index], _failed[index]);
        }

        return slices;
    }
}
