using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Logs;

namespace LlmOps.Servers;

/// <summary>Asks a server whether it is ready, and what it made of its options.</summary>
internal sealed class ReadinessProbe : IDisposable
{
    private static readonly TimeSpan s_factsLimit = TimeSpan.FromSeconds(2);

    private readonly Uri _healthPath;
    private readonly IEngine _engine;
    private readonly HttpClient _client;
    private TaskCompletionSource _nudge = NewNudge();

    /// <summary>Makes a probe of the server at <paramref name="endpoint"/>.</summary>
    public ReadinessProbe(ServerEndpoint endpoint, string healthPath, IEngine engine)
    {
        _engine = engine;
        _healthPath = new Uri(healthPath, UriKind.Relative);
#pragma warning disable CA2000 // The client owns its handler.
        // A proxy from the environment would be asked for an address that only this machine has.
        SocketsHttpHandler handler = new() { UseProxy = false, UseCookies = false, AllowAutoRedirect = false, MaxConnectionsPerServer = 1 };
#pragma warning restore CA2000
        _client = new HttpClient(handler) { BaseAddress = endpoint.Uri, Timeout = TimeSpan.FromSeconds(10) };
        if (SecretMask.ReadKeys(endpoint.ApiKeyFile) is [string key, ..])
        {
            _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }
    }

    /// <summary>Asks again at once instead of after the usual pause.</summary>
    public void Nudge() => Volatile.Read(ref _nudge).TrySetResult();

    /// <summary>Asks until the server says that it is ready.</summary>
    public async Task WaitUntilReadyAsync(CancellationToken cancellationToken)
    {
        long started = Environment.TickCount64;
        while (!await IsReadyAsync(cancellationToken).ConfigureAwait(false))
        {
            // Small models are ready in a blink; after that, loading takes long and each request costs the server a log line.
            int pause = (Environment.TickCount64 - started) switch { < 3_000 => 50, < 30_000 => 100, _ => 500 };
            Task nudged = Volatile.Read(ref _nudge).Task;
            await Task.WhenAny(nudged, Task.Delay(pause, cancellationToken)).ConfigureAwait(false);
            if (nudged.IsCompleted)
            {
                Volatile.Write(ref _nudge, NewNudge());
            }
        }
    }

    /// <summary>Whether the server answers at all within <paramref name="limit"/>, whatever it says.</summary>
    public async Task<bool> IsAnsweringAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        using CancellationTokenSource timed = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timed.CancelAfter(limit);
        try
        {
            using HttpResponseMessage response = await _client.GetAsync(_healthPath, HttpCompletionOption.ResponseHeadersRead, timed.Token).ConfigureAwait(false);
            return true;
        }
        catch (Exception problem) when (problem is HttpRequestException or IOException
            || (problem is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }

    /// <summary>Asks what the server made of its options. Only for display, so a server that does not say is no error.</summary>
    public async Task<ServerFacts> ReadFactsAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(s_factsLimit);
        try
        {
            using HttpResponseMessage response = await _client.GetAsync(new Uri(_engine.FactsPath, UriKind.Relative), limit.Token).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
            {
                return ServerFacts.None;
            }

            using Stream body = await response.Content.ReadAsStreamAsync(limit.Token).ConfigureAwait(false);
            using JsonDocument props = await JsonDocument.ParseAsync(body, cancellationToken: limit.Token).ConfigureAwait(false);
            return _engine.ReadFacts(props.RootElement);
        }
        catch (Exception problem) when (problem is HttpRequestException or JsonException or InvalidOperationException or IOException
            || (problem is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return ServerFacts.None;
        }
    }

    /// <inheritdoc />
    public void Dispose() => _client.Dispose();

    private static TaskCompletionSource NewNudge() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        try
        {
            using HttpResponseMessage response = await _client
                .GetAsync(_healthPath, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
            return response.StatusCode == HttpStatusCode.OK;
        }
        catch (Exception problem) when (problem is HttpRequestException or IOException
            || (problem is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // Not listening yet, or too busy loading to answer: neither is an answer.
            return false;
        }
    }
}
