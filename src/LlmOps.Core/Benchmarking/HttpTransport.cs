using System.Net;

namespace LlmOps.Benchmarking;

/// <summary>HTTP/1.1 connections on which nothing queues, redirects, compresses or goes through a proxy.</summary>
/// <remarks>
/// Connections are kept for the next request until the server is caught closing one without having said so, which llama-server 0.7
/// does after each streamed response. A request that meets such a close was never read, so it is sent again on a connection of its
/// own, and from then on every request gets one. Which connection a request went by cannot be seen, so a new one that is closed at
/// once is tried a second time too.
/// </remarks>
/// <param name="skipsCertificateCheck">Whether any certificate is good enough.</param>
internal sealed class HttpTransport(bool skipsCertificateCheck = false) : IDisposable
{
    /// <summary>A close that was under way shows within a round trip; one that comes later is an answer to the request.</summary>
    private const double LatestCloseSeconds = 1;

    private readonly HttpMessageInvoker _kept = NewInvoker(Timeout.InfiniteTimeSpan, skipsCertificateCheck);
    private readonly HttpMessageInvoker _fresh = NewInvoker(TimeSpan.Zero, skipsCertificateCheck);
    private volatile bool _closesUnannounced;

    /// <summary>Sends a request and gives the response as soon as its headers are there.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (_closesUnannounced)
        {
            return await _fresh.SendAsync(request, cancellationToken).ConfigureAwait(false);
        }

        long sentAt = MonotonicClock.Now;
        try
        {
            return await _kept.SendAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (HttpRequestException exception) when (WasClosedUnanswered(exception) && MonotonicClock.Seconds(sentAt, MonotonicClock.Now) < LatestCloseSeconds)
        {
            _closesUnannounced = true;
            return await _fresh.SendAsync(request, cancellationToken).ConfigureAwait(false);
        }
    }

    public void Dispose()
    {
        _kept.Dispose();
        _fresh.Dispose();
    }

    private static bool WasClosedUnanswered(HttpRequestException exception) =>
        exception.HttpRequestError == HttpRequestError.ResponseEnded || exception.InnerException is IOException;

    private static HttpMessageInvoker NewInvoker(TimeSpan lifetime, bool skipsCertificateCheck) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null,
        MaxConnectionsPerServer = int.MaxValue,
        PooledConnectionLifetime = lifetime,
        SslOptions = CertificateCheck.Options(skipsCertificateCheck),
        ConnectTimeout = TimeSpan.FromSeconds(30),

        // A response that is given up must free the server at once, so its connection is closed instead of drained.
        MaxResponseDrainSize = 0,
    });
}
