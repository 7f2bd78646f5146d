using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using LlmOps.Benchmarking.Transport;

namespace LlmOps.Benchmarking;

/// <summary>Folds the events of one response into what a <see cref="RequestSample"/> holds.</summary>
/// <param name="expectedChunks">Room for this many chunk times without growing.</param>
/// <param name="countsTokens">Whether chunks say how many tokens there were so far.</param>
/// <param name="content">Takes the text of the answer; null when nobody wants it.</param>
internal sealed class StreamRecorder(int expectedChunks, bool countsTokens = false, IBufferWriter<byte>? content = null)
{
    private int _nearEnd = int.MaxValue;
    private long[] _chunkTimes = [];
    private int[] _tokenCounts = [];
    private readonly bool _learns = !countsTokens && content is null;
    private ChunkPattern _pattern;
    private int _chunkCount;
    private bool _sawChunk;
    private bool _sawFinish;
    private TokenUsage? _usage;
    private ServerTimings? _timings;
    private string? _error;
    private string? _errorDetail;
    private string? _id;

    /// <summary>Whether the server said <c>[DONE]</c>.</summary>
    public bool IsDone { get; private set; }

    /// <summary>When <c>[DONE]</c> arrived; 0 before.</summary>
    public long DoneAt { get; private set; }

    /// <summary>Whether there was a chunk with output.</summary>
    public bool HasOutput => _chunkCount > 0;

    /// <summary>Chunks with output so far.</summary>
    public int Chunks => _chunkCount;

    /// <summary>Chunks that the answer should have.</summary>
    public int ExpectedChunks => expectedChunks;

    /// <summary>Whether it may end with what comes next.</summary>
    public bool IsNearEnd => _chunkCount >= _nearEnd;

    /// <summary>Says from how many chunks on the answer may end.</summary>
    public void ExpectEnd(int chunks) => _nearEnd = chunks;

    /// <summary>Whether the response has ended as it should, so that what the connection does later is no concern.</summary>
    public bool HasSucceeded => IsDone && _error is null;

    /// <summary>It takes a chunk soon.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void FetchAhead()
    {
        Prefetch.Line(ref _chunkTimes);
        Prefetch.Line(ref _chunkCount);
        Prefetch.Line(ref _pattern);
    }

    /// <summary>It takes a chunk next; what <see cref="FetchAhead"/> fetched is there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void FetchContentAhead()
    {
        _pattern.FetchAhead();
        Prefetch.Element(_chunkTimes, 0);
        Prefetch.Element(_chunkTimes, _chunkCount);
    }

    /// <summary>Takes a chunk when it differs from the last one in its text only.</summary>
    /// <returns>Whether it did; else nothing was taken.</returns>
    public bool AcceptKnown(ReadOnlySpan<byte> data, long timestamp)
    {
        if (IsDone || _error is not null || !_pattern.Matches(data))
        {
            return false;
        }

        AddChunk(timestamp, tokens: 0);
        return true;
    }

    /// <summary>Takes an event.</summary>
    public void Accept(in SseEvent sseEvent)
    {
        if (IsDone)
        {
            return;
        }

        if (sseEvent.IsDone)
        {
            IsDone = true;
            DoneAt = sseEvent.Timestamp;
            return;
        }

        if (_error is not null)
        {
            return;
        }

        try
        {
            AcceptChunk(sseEvent);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Copying text that is no valid UTF-8 is an invalid operation.
            _error = "invalid JSON in stream";
            _errorDetail = exception.Message;
        }
    }

    /// <summary>The sample of a request that failed in another way.</summary>
    public RequestSample ToFailure(long scheduledAt, long startedAt, long endedAt, string error, string? detail) => new()
    {
        ScheduledAt = scheduledAt,
        StartedAt = startedAt,
        EndedAt = endedAt,
        ChunkTimes = _chunkTimes.AsMemory(0, _chunkCount),
        Id = _id,
        Error = error,
        ErrorDetail = detail,
    };

    /// <summary>The finished sample of a response that ended without an exception.</summary>
    public RequestSample ToSample(long scheduledAt, long startedAt, long endedAt, bool sawForeignLine)
    {
        string? error = _error;
        if (error is null && !IsDone && !_sawFinish)
        {
            error = sawForeignLine && !_sawChunk ? "not an event stream" : "stream ended early";
        }
        else if (error is null && _chunkCount == 0 && _usage is not { OutputTokens: > 0 })
        {
            error = "no output";
        }

        return new RequestSample
        {
            ScheduledAt = scheduledAt,
            StartedAt = startedAt,
            EndedAt = IsDone ? DoneAt : endedAt,
            ChunkTimes = _chunkTimes.AsMemory(0, _chunkCount),
            TokenCounts = _tokenCounts.AsMemory(0, Math.Min(_chunkCount, _tokenCounts.Length)),
            Id = _id,
            Usage = _usage,
            Timings = _timings,
            Error = error,
            ErrorDetail = _errorDetail,
        };
    }

    private void AcceptChunk(in SseEvent sseEvent)
    {
        if (sseEvent.IsErrorField)
        {
            Fail(sseEvent.Data);
            return;
        }

        if (_pattern.Matches(sseEvent.Data))
        {
            AddChunk(sseEvent.Timestamp, tokens: 0);
            return;
        }

        ChatChunk chunk = ChatChunkReader.Read(sseEvent.Data, wantsId: !_sawChunk, content);
        if (_learns)
        {
            _pattern.Learn(sseEvent.Data, chunk);
        }

        _id ??= chunk.Id;
        _sawChunk = true;
        if (chunk.IsError)
        {
            Fail(sseEvent.Data);
            return;
        }

        _sawFinish |= chunk.HasFinishReason;
        _usage = chunk.Usage ?? _usage;
        _timings = chunk.Timings ?? _timings;
        if (chunk.HasOutput)
        {
            AddChunk(sseEvent.Timestamp, (int)(chunk.Usage?.OutputTokens ?? chunk.Timings?.OutputTokens ?? 0));
        }
    }

    private void AddChunk(long timestamp, int tokens)
    {
        if (_chunkCount == _chunkTimes.Length)
        {
            int size = Math.Max(Math.Max(16, expectedChunks), 2 * _chunkCount);
            Array.Resize(ref _chunkTimes, size);
            Array.Resize(ref _tokenCounts, countsTokens ? size : 0);
        }

        if (countsTokens)
        {
            _tokenCounts[_chunkCount] = tokens;
        }

        _chunkTimes[_chunkCount++] = timestamp;
    }

    private void Fail(ReadOnlySpan<byte> json)
    {
        ServerError error = ServerError.Parse(json);
        _error = error.Code is int code ? FormattableString.Invariant($"error {code} in stream") : "error in stream";
        _errorDetail = error.Message;
    }
}
