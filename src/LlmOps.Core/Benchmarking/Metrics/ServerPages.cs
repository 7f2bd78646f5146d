using System.Net.Http.Headers;
using System.Text.Json;
using LlmOps.Engines.Metrics;

namespace LlmOps.Benchmarking.Metrics;

/// <summary>Reads the pages on which a server tells of itself. A page that is missing is a note, not an error.</summary>
internal sealed class ServerPages : IDisposable
{
    /// <summary>A page of 100,000 metrics has some ten megabytes.</summary>
    private const int LargestPage = 16 << 20;

    private readonly HttpClient _client;
    private readonly Uri _base;
    private bool _hasNoMetrics;
    private bool _hasNoSlots;

    /// <param name="endpoint">The server's address; a trailing <c>/v1</c> is accepted.</param>
    /// <param name="apiKey">Its key; null for none.</param>
    /// <param name="patience">How long a page may take.</param>
    /// <param name="skipsCertificateCheck">Whether any certificate is good enough.</param>
    public ServerPages(Uri endpoint, string? apiKey, TimeSpan patience, bool skipsCertificateCheck = false)
    {
        string address = endpoint.GetLeftPart(UriPartial.Path).TrimEnd('/');
        _base = new Uri((address.EndsWith("/v1", StringComparison.Ordinal) ? address[..^3] : address) + "/");
#pragma warning disable CA2000 // The client owns its handler.
        SocketsHttpHandler handler = new() { UseProxy = false, UseCookies = false, AllowAutoRedirect = false, ActivityHeadersPropagator = null, SslOptions = CertificateCheck.Options(skipsCertificateCheck) };
#pragma warning restore CA2000
        _client = new HttpClient(handler) { Timeout = patience, MaxResponseContentBufferSize = LargestPage };
        _client.DefaultRequestHeaders.Authorization = apiKey is null ? null : new AuthenticationHeaderValue("Bearer", apiKey);
    }

    /// <summary>Looks at the changing figures.</summary>
    /// <param name="withSlots">Whether to ask for slots too.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="LlmOpsException"><c>ServerNotReachable</c>: nothing answers.</exception>
    public async Task<ServerLook> LookAsync(bool withSlots, CancellationToken cancellationToken)
    {
        List<string> notes = [];
        EngineReading? reading = null;
        if (!_hasNoMetrics)
        {
            Page page = await ReadAsync("metrics", cancellationToken).ConfigureAwait(false);
            reading = page.IsSuccess ? EngineReading.Of(PrometheusText.Parse(page.Text)) : null;
            if (reading is null)
            {
                // Asked once: llama-server writes a line into its log for each refusal.
                _hasNoMetrics = page.Status is not 503;
                notes.Add(page.IsSuccess
                    ? "/metrics holds no metrics of llama.cpp or vLLM, so counters are missing"
                    : FormattableString.Invariant($"/metrics answers HTTP {page.Status}, so counters are missing; start llama-server with --metrics"));
            }
        }

        long at = MonotonicClock.Now;
        return new ServerLook(at, reading, withSlots ? await ReadSlotsAsync(reading, notes, cancellationToken).ConfigureAwait(false) : [], notes);
    }

    /// <summary>Asks what does not change: model, version.</summary>
    public async Task<(string? Model, string? Version)> ReadIdentityAsync(CancellationToken cancellationToken)
    {
        Page props = await ReadAsync("props", cancellationToken).ConfigureAwait(false);
        if (props.IsSuccess && TryParse(props.Text) is { } document)
        {
            using (document)
            {
                return (Text(document.RootElement, "model_alias") ?? Text(document.RootElement, "model_path"), Text(document.RootElement, "build_info"));
            }
        }

        Page version = await ReadAsync("version", cancellationToken).ConfigureAwait(false);
        if (version.IsSuccess && TryParse(version.Text) is { } said)
        {
            using (said)
            {
                return (null, Text(said.RootElement, "version"));
            }
        }

        return (null, null);
    }

    /// <inheritdoc />
    public void Dispose() => _client.Dispose();

    private async Task<IReadOnlyList<SlotMetric>> ReadSlotsAsync(EngineReading? reading, List<string> notes, CancellationToken cancellationToken)
    {
        if (_hasNoSlots || reading?.Engine == EngineMetricTable.Vllm.Engine)
        {
            return [];
        }

        Page page = await ReadAsync("slots", cancellationToken).ConfigureAwait(false);
        if (!page.IsSuccess)
        {
            _hasNoSlots = page.Status is not 503;
            notes.Add(FormattableString.Invariant($"/slots answers HTTP {page.Status}, so single slots are not shown"));
            return [];
        }

        return SlotPage.Parse(page.Text);
    }

    private async Task<Page> ReadAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            using HttpResponseMessage response = await _client.GetAsync(new Uri(_base, path), cancellationToken).ConfigureAwait(false);
            return new Page((int)response.StatusCode, await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (Exception problem) when (problem is HttpRequestException or IOException or InvalidOperationException
            || (problem is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            string why = problem is OperationCanceledException ? FailureText.Timeout : FailureText.Of(problem);
            throw new LlmOpsException($"{_base.AbsoluteUri.TrimEnd('/')}/{path} does not answer ({why}); check that the server runs and the address is right.", "ServerNotReachable", problem)
            {
                Kind = ErrorKind.ServerFailed,
            };
        }
    }

    private static JsonDocument? TryParse(string text)
    {
        try
        {
            return JsonDocument.Parse(text);
        }
        catch (JsonException)
        {
            // Another server's page of the same name, which tells nothing.
            return null;
        }
    }

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : null;

    private readonly record struct Page(int Status, string Text)
    {
        public bool IsSuccess => Status is >= 200 and < 300;
    }
}
