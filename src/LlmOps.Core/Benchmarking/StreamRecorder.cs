using System.Text.Json;

namespace LlmOps.Benchmarking;

/// <summary>Folds the events of one response into what a <see cref="RequestSample"/> holds.</summary>
/// <param name="expectedChunks">Room for this many chunk times without growing.</param>
internal sealed class StreamRecorder(int expectedChunks)
{
    private long[] _chunkTimes = new long[Math.Max(16, expectedChunks)];
    private int _chunkCount;
    private bool _sawChunk;
    private bool _sawFinish;
    private TokenUsage? _usage;
    private ServerTimings? _timings;
    private string? _error;
    private string? _errorDetail;

    /// <summary>Whether the server said <c>[DONE]</c>.</summary>
    public bool IsDone { get; private set; }

    /// <summary>When <c>[DONE]</c> arrived; 0 before.</summary>
    public long DoneAt { get; private set; }

    /// <summary>Whether the response has ended as it should, so that what the connection does later is no concern.</summary>
    public bool HasSucceeded => IsDone && _error is null;

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
        catch (JsonException exception)
        {
            _error = "invalid JSON in stream";
            _errorDetail = exception.Message;
        }
    }

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

        ChatChunk chunk = ChatChunkReader.Read(sseEvent.Data);
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
            if (_chunkCount == _chunkTimes.Length)
            {
                Array.Resize(ref _chunkTimes, 2 * _chunkCount);
            }

            _chunkTimes[_chunkCount++] = sseEvent.Timestamp;
        }
    }

    private void Fail(ReadOnlySpan<byte> json)
    {
        ServerError error = ServerError.Parse(json);
        _error = error.Code is int code ? FormattableString.Invariant($"error {code} in stream") : "error in stream";
        _errorDetail = error.Message;
    }
}
