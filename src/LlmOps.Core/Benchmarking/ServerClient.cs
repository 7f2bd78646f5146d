using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using LlmOps.Benchmarking.Transport;
using LlmOps.Native.Libc;

namespace LlmOps.Benchmarking;

/// <summary>The requests of a measurement to one server.</summary>
internal sealed class ServerClient : IDisposable
{
    private readonly HttpTransport _transport;
    private readonly HttpStreams _streams;
    private readonly Lock _connecting = new();
    private readonly TimeSpan _stallTimeout;
    private readonly bool _usesSystemClient;
    private readonly Uri _base;
    private readonly Uri _chat;
    private readonly Uri _completions;
    private readonly AuthenticationHeaderValue? _authorization;
    private EpollTransport? _epoll;

    public ServerClient(Uri endpoint, string? apiKey, TimeSpan? stallTimeout = null, bool usesSystemClient = false, bool skipsCertificateCheck = false)
    {
        _usesSystemClient = usesSystemClient;
        _transport = new HttpTransport(skipsCertificateCheck);
        _stallTimeout = stallTimeout ?? MeasurementOptions.DefaultStallTimeout;
        _base = ToBase(endpoint);
        _chat = new Uri(_base, "v1/chat/completions");
        _completions = new Uri(_base, "v1/completions");
        _streams = new HttpStreams(_transport, _stallTimeout);
        _authorization = apiKey is null ? null : new AuthenticationHeaderValue("Bearer", apiKey);
    }

    /// <summary>The address without <c>/v1</c>, for messages.</summary>
    public string Address => _base.AbsoluteUri.TrimEnd('/');

    /// <summary>How streams are received: see <see cref="ClientSideFigures.Transport"/>.</summary>
    public string TransportName => IsPlainOnLinux ? "epoll" : "sockets-http-handler";

    private bool IsPlainOnLinux => !_usesSystemClient && LibcEpoll.IsSupported && _base.Scheme == Uri.UriSchemeHttp;

    /// <summary>Streams one completion and says all that measuring needs; a failure is in the sample, not an exception.</summary>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public async Task<RequestSample> StreamAsync(ChatRequest chatRequest, long scheduledAt, TimeSpan timeout, CancellationToken cancellationToken)
    {
        StreamRecorder recorder = new(chatRequest.MaximumTokens, chatRequest.CountsTokensPerChunk, chatRequest.Answer);
        Uri target = chatRequest.Api == CompletionApi.Chat ? _chat : _completions;
        if (!IsPlainOnLinux)
        {
            return await _streams.StreamAsync(NewRequest(HttpMethod.Post, target), chatRequest, recorder, scheduledAt, timeout, cancellationToken).ConfigureAwait(false);
        }

        EpollTransport? transport = await EpollAsync(cancellationToken).ConfigureAwait(false);
        if (transport is null)
        {
            long now = MonotonicClock.Now;
            return recorder.ToFailure(scheduledAt, now, now, "host not found", _base.Host);
        }

        using StreamExchange exchange = new(HeadOf(target, chatRequest.Body.Length), chatRequest.Body, recorder, scheduledAt, MonotonicClock.Now + MonotonicClock.Ticks(timeout), MonotonicClock.Ticks(_stallTimeout));
        transport.Send(exchange);
        using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(
            static (state, token) =>
            {
                (EpollTransport owner, StreamExchange canceled) = ((EpollTransport, StreamExchange))state!;
                owner.Cancel(canceled, token);
            },
            (transport, exchange));
        return await exchange.Completion.ConfigureAwait(false);
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

    public void Dispose()
    {
        _epoll?.Dispose();
        _transport.Dispose();
    }

    private static Uri ToBase(Uri endpoint)
    {
        string address = endpoint.GetLeftPart(UriPartial.Path).TrimEnd('/');
        address = address.EndsWith("/v1", StringComparison.Ordinal) ? address[..^3] : address;
        return new Uri(address + "/");
    }

    private async ValueTask<EpollTransport?> EpollAsync(CancellationToken cancellationToken)
    {
        if (_epoll is not null)
        {
            return _epoll;
        }

        IPAddress[] addresses;
        try
        {
            addresses = await Dns.GetHostAddressesAsync(_base.DnsSafeHost, cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException)
        {
            return null;
        }

        IPEndPoint[] endpoints = [.. addresses.Select(address => new IPEndPoint(address, _base.Port))];
        lock (_connecting)
        {
            return endpoints.Length == 0 ? null : _epoll ??= new EpollTransport(endpoints);
        }
    }

    private byte[] HeadOf(Uri target, int length)
    {
        string authorization = _authorization is null ? "" : $"Authorization: {_authorization}\r\n";
        return Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"POST {target.PathAndQuery} HTTP/1.1\r\nHost: {target.Authority}\r\n{authorization}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"));
    }

    private HttpRequestMessage NewRequest(HttpMethod method, Uri uri)
    {
        HttpRequestMessage request = new(method, uri) { Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Headers.Authorization = _authorization;
        return request;
    }

    private LlmOpsException NotReachable(string reason, Exception cause) => cause is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError }
        ? new($"The certificate of {Address} is not trusted here ({(cause.InnerException ?? cause).Message.TrimEnd('.')}); have this machine trust it, or skip the check (llmops bench --insecure, Measure-LlmThroughput -SkipCertificateCheck).", "CertificateNotTrusted", cause) { Kind = ErrorKind.ServerFailed }
        : new($"No server answers at {Address} ({reason}); start it, or check the address.", "ServerNotReachable", cause) { Kind = ErrorKind.ServerFailed };
}
