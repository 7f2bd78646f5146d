namespace LlmOps.Benchmarking;

/// <summary>One request and what has come of its response. Owned by the transport's thread from when it is sent until it is over.</summary>
internal sealed class StreamExchange : IBodyReceiver, IDisposable
{
    /// <summary>Enough of an error's body to show its message.</summary>
    private const int LongestErrorBody = 8 * 1024;

    private readonly TaskCompletionSource<RequestSample> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly StreamRecorder _recorder;
    private readonly SseReader _events = new();
    private readonly long _scheduledAt;
    private long _timestamp;
    private byte[]? _errorBody;
    private int _errorBodyLength;

    /// <param name="head">The request's head, ending in an empty line.</param>
    /// <param name="body">The request's body.</param>
    /// <param name="recorder">Takes the events.</param>
    /// <param name="scheduledAt">When the request was due.</param>
    /// <param name="deadline">When it has failed.</param>
    /// <param name="stallTicks">How long a stream that has begun may be silent.</param>
    public StreamExchange(ReadOnlyMemory<byte> head, ReadOnlyMemory<byte> body, StreamRecorder recorder, long scheduledAt, long deadline, long stallTicks)
    {
        StallTicks = stallTicks;
        (Head, Body, _recorder, _scheduledAt, Deadline) = (head, body, recorder, scheduledAt, deadline);
        Response = new HttpResponseReader(this);
    }

    public ReadOnlyMemory<byte> Head { get; }

    public ReadOnlyMemory<byte> Body { get; }

    /// <summary>How much of head and body was sent.</summary>
    public int Sent { get; set; }

    public HttpResponseReader Response { get; private set; }

    /// <summary>When it is over at the latest.</summary>
    public long Deadline { get; private set; }

    /// <summary>How long a stream that has begun may be silent.</summary>
    public long StallTicks { get; }

    /// <summary>Whether there was output, so that silence is a stall and not a long prompt.</summary>
    public bool HasBegun => _recorder.HasOutput;

    /// <summary>What takes the answer's events.</summary>
    public StreamRecorder Recorder => _recorder;

    /// <summary>Whether what comes next begins a chunk of HTTP and an event.</summary>
    public bool IsBetweenEvents => Response.IsBetweenChunks && _events.IsEmpty;

    /// <summary>When it was first handed to the network.</summary>
    public long StartedAt { get; private set; }

    /// <summary>Which of the server's addresses is tried.</summary>
    public int AddressIndex { get; set; }

    /// <summary>How many of them did not answer.</summary>
    public int AddressesTried { get; set; }

    /// <summary>Whether it was sent again because a kept connection had been closed.</summary>
    public bool WasResent { get; private set; }

    public bool IsOver => _completion.Task.IsCompleted;

    /// <summary>Whether the server has said that it is done.</summary>
    public bool IsDone => _recorder.IsDone;

    public Task<RequestSample> Completion => _completion.Task;

    /// <summary>Marks the moment of sending; a resent request began when it was sent first.</summary>
    public void Begin(long now) => StartedAt = StartedAt == 0 ? now : StartedAt;

    /// <summary>Makes it ready to be sent once more.</summary>
    public void Resend()
    {
        WasResent = true;
        Sent = 0;
        Response = new HttpResponseReader(this);
    }

    /// <summary>The response may be over sooner than the deadline says.</summary>
    public void EndBy(long deadline) => Deadline = Math.Min(Deadline, deadline);

    /// <summary>Takes bytes of the connection.</summary>
    /// <exception cref="HttpRequestException">They are not HTTP.</exception>
    /// <exception cref="InvalidDataException">An event is too large.</exception>
    public void Accept(ReadOnlySpan<byte> bytes, long timestamp)
    {
        _timestamp = timestamp;
        Response.Accept(bytes);
    }

    public void AcceptBody(ReadOnlySpan<byte> bytes)
    {
        if (Response.Status is < 200 or >= 300)
        {
            _errorBody ??= new byte[LongestErrorBody];
            int kept = Math.Min(bytes.Length, LongestErrorBody - _errorBodyLength);
            bytes[..kept].CopyTo(_errorBody.AsSpan(_errorBodyLength));
            _errorBodyLength += kept;
            return;
        }

        _events.Append(bytes, _timestamp);
        while (_events.TryRead(out SseEvent sseEvent))
        {
            _recorder.Accept(sseEvent);
        }
    }

    /// <summary>The response is complete.</summary>
    public void Succeed(long now)
    {
        if (Response.Status is < 200 or >= 300)
        {
            Refuse(now);
            return;
        }

        if (_events.TryReadLast(out SseEvent last))
        {
            _recorder.Accept(last);
        }

        _completion.TrySetResult(_recorder.ToSample(_scheduledAt, StartedAt, now, _events.SawForeignLine));
    }

    /// <summary>The response will not be complete.</summary>
    /// <param name="error">What happened, short.</param>
    /// <param name="detail">What the system says of it.</param>
    /// <param name="now">When.</param>
    public void Fail(string error, string? detail, long now)
    {
        if (Response.Status is not (0 or (>= 200 and < 300)))
        {
            // The status is the failure's name even when its body never comes.
            Refuse(now);
        }
        else if (_recorder.HasSucceeded)
        {
            Succeed(now);
        }
        else
        {
            Begin(now);
            _completion.TrySetResult(_recorder.ToFailure(_scheduledAt, StartedAt, now, error, detail));
        }
    }

    /// <summary>The caller gave up.</summary>
    public void Cancel(CancellationToken cancellationToken) => _completion.TrySetCanceled(cancellationToken);

    public void Dispose() => _events.Dispose();

    private void Refuse(long now)
    {
        string? message = ServerError.Parse(_errorBody.AsSpan(0, _errorBodyLength)).Message;
        string? detail = Response.RetryAfter is string after ? $"retry after {after}{(message is null ? "" : $": {message}")}" : message;
        _completion.TrySetResult(_recorder.ToFailure(_scheduledAt, StartedAt, now, FailureText.Of((System.Net.HttpStatusCode)Response.Status), detail));
    }
}
