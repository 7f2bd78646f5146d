using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;

namespace LlmOps.Benchmarking;

/// <summary>The requests of a measurement to one server.</summary>
internal sealed class ServerClient : IDisposable
{
    /// <summary>The server has already said that it is done; how long it may take to end the response.</summary>
    private static readonly TimeSpan s_endOfResponse = TimeSpan.FromSeconds(1);

    /// <summary>Enough of an error's body to show its message.</summary>
    private const int LongestErrorBody = 8 * 1024;

    private readonly HttpTransport _transport = new();
    private readonly Uri _base;
    private readonly Uri _chat;
    private readonly AuthenticationHeaderValue? _authorization;

    public ServerClient(Uri endpoint, string? apiKey)
    {
        _base = ToBase(endpoint);
        _chat = new Uri(_base, "v1/chat/completions");
        _authorization = apiKey is null ? null : new AuthenticationHeaderValue("Bearer", apiKey);
    }

    /// <summary>The address without <c>/v1</c>, for messages.</summary>
    public string Address => _base.AbsoluteUri.TrimEnd('/');

    /// <summary>Streams one chat completion and says all that measuring needs; a failure is in the sample, not an exception.</summary>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public async Task<RequestSample> StreamAsync(ChatRequest chatRequest, long scheduledAt, TimeSpan timeout, CancellationToken cancellationToken)
    {
        StreamRecorder recorder = new(chatRequest.MaximumTokens);
        using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(timeout);
        using HttpRequestMessage request = NewRequest(HttpMethod.Post, _chat);
        request.Content = chatRequest.ToContent();
        long startedAt = MonotonicClock.Now;
        string? refusal = null;
        try
        {
            using HttpResponseMessage response = await _transport.SendAsync(request, deadline.Token).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
            {
                // Kept apart: the status is the failure's name even when its body never comes.
                refusal = FailureText.Of(response.StatusCode);
                byte[] body = await ReadStartAsync(response, LongestErrorBody, deadline.Token).ConfigureAwait(false);
                return Failed(refusal, ServerError.Parse(body).Message);
            }

            bool sawForeignLine = await ReadEventsAsync(response, recorder, deadline).ConfigureAwait(false);
            return recorder.ToSample(scheduledAt, startedAt, MonotonicClock.Now, sawForeignLine);
        }
        catch (Exception exception) when (recorder.HasSucceeded && !cancellationToken.IsCancellationRequested && IsEndOfRequest(exception))
        {
            return recorder.ToSample(scheduledAt, startedAt, MonotonicClock.Now, sawForeignLine: false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Failed(refusal ?? FailureText.Timeout, detail: null);
        }
        catch (Exception exception) when (FailureText.IsTransportFailure(exception))
        {
            // A cancelled read can surface as a broken connection.
            cancellationToken.ThrowIfCancellationRequested();
            return Failed(refusal ?? FailureText.Of(exception), exception.Message);
        }

        RequestSample Failed(string error, string? detail) => new()
        {
            ScheduledAt = scheduledAt,
            StartedAt = startedAt,
            EndedAt = MonotonicClock.Now,
            Error = error,
            ErrorDetail = detail,
        };
    }

    /// <summary>One small request that is not measured.</summary>
    /// <param name="path">Relative to the server's base address, such as <c>v1/models</c>.</param>
    /// <param name="content">Null sends GET, else POST.</param>
    /// <param name="timeout">How long the whole answer may take.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="LlmOpsException"><c>ServerNotReachable</c>: nothing answers at the address.</exception>
    public async Task<ServerAnswer> AskAsync(string path, HttpContent? content, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(timeout);
        using HttpRequestMessage request = NewRequest(content is null ? HttpMethod.Get : HttpMethod.Post, new Uri(_base, path));
        request.Content = content;
        try
        {
            using HttpResponseMessage response = await _transport.SendAsync(request, deadline.Token).ConfigureAwait(false);
            byte[] body = await response.Content.ReadAsByteArrayAsync(deadline.Token).ConfigureAwait(false);
            return new ServerAnswer((int)response.StatusCode, body);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw NotReachable(FailureText.Timeout, exception);
        }
        catch (Exception exception) when (FailureText.IsTransportFailure(exception))
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw NotReachable(FailureText.Of(exception), exception);
        }
    }

    public void Dispose() => _transport.Dispose();

    private static Uri ToBase(Uri endpoint)
    {
        string address = endpoint.GetLeftPart(UriPartial.Path).TrimEnd('/');
        address = address.EndsWith("/v1", StringComparison.Ordinal) ? address[..^3] : address;
        return new Uri(address + "/");
    }

    private static async Task<bool> ReadEventsAsync(HttpResponseMessage response, StreamRecorder recorder, CancellationTokenSource deadline)
    {
        Stream stream = await response.Content.ReadAsStreamAsync(deadline.Token).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable streamDisposal = stream.ConfigureAwait(false);
        using SseReader reader = new();
        bool isEnding = false;
        while (true)
        {
            int count = await stream.ReadAsync(reader.GetMemory(), deadline.Token).ConfigureAwait(false);
            long now = MonotonicClock.Now;
            if (count == 0)
            {
                break;
            }

            reader.Advance(count, now);
            while (reader.TryRead(out SseEvent sseEvent))
            {
                recorder.Accept(sseEvent);
            }

            // The rest of the response is read so that the connection can be used again.
            if (recorder.IsDone && !isEnding)
            {
                isEnding = true;
                deadline.CancelAfter(s_endOfResponse);
            }
        }

        if (reader.TryReadLast(out SseEvent last))
        {
            recorder.Accept(last);
        }

        return reader.SawForeignLine;
    }

    private static async Task<byte[]> ReadStartAsync(HttpResponseMessage response, int limit, CancellationToken cancellationToken)
    {
        Stream stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable streamDisposal = stream.ConfigureAwait(false);
        byte[] buffer = new byte[limit];
        int count = await stream.ReadAtLeastAsync(buffer, limit, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        return buffer[..count];
    }

    private static bool IsEndOfRequest(Exception exception) => exception is OperationCanceledException || FailureText.IsTransportFailure(exception);

    private HttpRequestMessage NewRequest(HttpMethod method, Uri uri)
    {
        HttpRequestMessage request = new(method, uri) { Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Headers.Authorization = _authorization;
        return request;
    }

    private LlmOpsException NotReachable(string reason, Exception cause) =>
        new($"No server answers at {Address} ({reason}); start it, or check the address.", "ServerNotReachable", cause) { Kind = ErrorKind.ServerFailed };
}
