using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using LlmOps.Configuration;
using LlmOps.Logs;

namespace LlmOps.Servers;

/// <summary>Asks a server whether it is ready, and what it made of its options.</summary>
internal sealed class ReadinessProbe : IDisposable
{
    private static readonly TimeSpan s_factsLimit = TimeSpan.FromSeconds(2);

    private readonly Uri _healthPath;
    private readonly HttpClient _client;
    private TaskCompletionSource _nudge = NewNudge();

    /// <summary>Makes a probe of the server at <paramref name="endpoint"/>.</summary>
    public ReadinessProbe(ServerEndpoint endpoint, string healthPath)
    {
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

    /// <summary>What a server says of itself.</summary>
    /// <param name="ContextLength">Tokens of context each slot has; null when it does not say.</param>
    /// <param name="Slots">Slots; null when it does not say.</param>
    public sealed record Facts(long? ContextLength, int? Slots);

    /// <summary>Whether a log line says that asking now is worthwhile.</summary>
    public static bool IsHint(string line) =>
        line.Contains("listening on", StringComparison.Ordinal)
        || line.Contains("model loaded", StringComparison.Ordinal)
        || line.Contains("Application startup complete", StringComparison.Ordinal);

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
    /// <remarks>Source: llama-server's <c>/props</c>: <c>default_generation_settings.n_ctx</c> is the context of one slot.</remarks>
    public async Task<Facts> ReadFactsAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(s_factsLimit);
        try
        {
            using HttpResponseMessage response = await _client.GetAsync(new Uri("/props", UriKind.Relative), limit.Token).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
            {
                return new Facts(null, null);
            }

            using Stream body = await response.Content.ReadAsStreamAsync(limit.Token).ConfigureAwait(false);
            using JsonDocument props = await JsonDocument.ParseAsync(body, cancellationToken: limit.Token).ConfigureAwait(false);
            return FactsOf(props);
        }
        catch (Exception problem) when (problem is HttpRequestException or JsonException or InvalidOperationException or IOException
            || (problem is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return new Facts(null, null);
        }
    }

    /// <summary>Reads llama-server's <c>/props</c>.</summary>
    public static Facts FactsOf(JsonDocument props) => new(
        props.RootElement.TryGetProperty("default_generation_settings", out JsonElement settings)
            && settings.TryGetProperty("n_ctx", out JsonElement context) && context.TryGetInt64(out long tokens) ? tokens : null,
        props.RootElement.TryGetProperty("total_slots", out JsonElement slots) && slots.TryGetInt32(out int count) ? count : null);

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
