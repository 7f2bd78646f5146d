using System.Runtime.CompilerServices;
using LlmOps.Benchmarking.Transport;

namespace LlmOps.Benchmarking;

/// <summary>Streams responses through .NET's own HTTP client: for https, and where there is no epoll. Costs several times more per token than <see cref="EpollTransport"/>.</summary>
internal sealed class HttpStreams(HttpTransport transport, TimeSpan stallTimeout)
{
    /// <summary>The server has already said that it is done; how long it may take to end the response.</summary>
    private static readonly TimeSpan s_endOfResponse = TimeSpan.FromSeconds(1);

    /// <summary>Enough of an error's body to show its message.</summary>
    private const int LongestErrorBody = 8 * 1024;

    /// <summary>Streams one response; a failure is in the sample, not an exception.</summary>
    /// <param name="request">Without its body; disposed of here.</param>
    /// <param name="chatRequest">The body.</param>
    /// <param name="recorder">Takes the events.</param>
    /// <param name="scheduledAt">When the request was due.</param>
    /// <param name="timeout">How long it may take.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public async Task<RequestSample> StreamAsync(
        HttpRequestMessage request, ChatRequest chatRequest, StreamRecorder recorder, long scheduledAt, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(timeout);
        using HttpRequestMessage owned = request;
        request.Content = chatRequest.ToContent();
        long startedAt = MonotonicClock.Now;
        StrongBox<bool> waitsForMore = new();
        long end = startedAt + MonotonicClock.Ticks(timeout);
        string? refusal = null;
        try
        {
            using HttpResponseMessage response = await transport.SendAsync(request, deadline.Token).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
            {
                // Kept apart: the status is the failure's name even when its body never comes.
                refusal = FailureText.Of(response.StatusCode);
                byte[] body = await ReadStartAsync(response, LongestErrorBody, deadline.Token).ConfigureAwait(false);
                string? message = ServerError.Parse(body).Message;
                string? after = response.Headers.RetryAfter?.ToString();
                return Failed(refusal, after is null ? message : $"retry after {after}{(message is null ? "" : $": {message}")}");
            }

            bool sawForeignLine = await ReadEventsAsync(response, recorder, deadline, end, waitsForMore).ConfigureAwait(false);
            return recorder.ToSample(scheduledAt, startedAt, MonotonicClock.Now, sawForeignLine);
        }
        catch (Exception exception) when (recorder.HasSucceeded && !cancellationToken.IsCancellationRequested && IsEndOfRequest(exception))
        {
            return recorder.ToSample(scheduledAt, startedAt, MonotonicClock.Now, sawForeignLine: false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Failed(refusal ?? (waitsForMore.Value ? FailureText.Stalled : FailureText.Timeout), detail: null);
        }
        catch (Exception exception) when (FailureText.IsTransportFailure(exception))
        {
            // A cancelled read can surface as a broken connection.
            cancellationToken.ThrowIfCancellationRequested();
            return Failed(refusal ?? FailureText.Of(exception), exception.Message);
        }

        RequestSample Failed(string error, string? detail) => recorder.ToFailure(scheduledAt, startedAt, MonotonicClock.Now, error, detail);
    }

    private async Task<bool> ReadEventsAsync(HttpResponseMessage response, StreamRecorder recorder, CancellationTokenSource deadline, long end, StrongBox<bool> waitsForMore)
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

            if (recorder.HasOutput && !isEnding)
            {
                TimeSpan rest = TimeSpan.FromSeconds(Math.Max(0, MonotonicClock.Seconds(now, end)));
                waitsForMore.Value = stallTimeout < rest;
                deadline.CancelAfter(waitsForMore.Value ? stallTimeout : rest);
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
}
