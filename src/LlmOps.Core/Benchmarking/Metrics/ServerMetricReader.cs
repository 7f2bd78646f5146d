using System.Runtime.CompilerServices;
using LlmOps.Configuration;
using LlmOps.Engines.LlamaCpp;
using LlmOps.Engines.Metrics;
using LlmOps.Servers;

namespace LlmOps.Benchmarking.Metrics;

/// <summary>Reads the current figures of a server, the same for llama.cpp and vLLM.</summary>
/// <param name="endpoint">The server's address.</param>
/// <param name="serverName">What to call it.</param>
/// <param name="apiKey">Its key; null for none.</param>
public sealed class ServerMetricReader(Uri endpoint, string serverName, string? apiKey)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private bool? _sharesContext;

    /// <summary>A reader for a server that LlmOps started.</summary>
    /// <exception cref="LlmOpsException"><c>ServerNotReady</c>: it is not running.</exception>
    public static ServerMetricReader Of(LlmServer server)
    {
        if (server.State is not (ServerState.Ready or ServerState.Unsupervised))
        {
            throw new LlmOpsException($"server '{server.Name}' is {server.State.ToString().ToLowerInvariant()}, not ready; it has no figures now", "ServerNotReady") { Kind = ErrorKind.ServerFailed };
        }

        return new ServerMetricReader(server.Endpoint, server.Name, server.ApiKeyFile is { } file ? ApiKeys.First(file) : null)
        {
            _sharesContext = File.Exists(server.ConfigPath) ? ServerConfigFile.Read(server.ConfigPath).Options.Get(LlamaCppOptions.KvUnified) : null,
        };
    }

    /// <summary>Looks twice and gives the figures of the second look, with rates over the time between.</summary>
    /// <param name="interval">The time between the two looks.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="LlmOpsException"><c>ServerNotReachable</c>: nothing answers.</exception>
    public async Task<ServerMetric> ReadAsync(TimeSpan interval, CancellationToken cancellationToken)
    {
        await foreach (ServerMetric metric in WatchAsync(interval, cancellationToken).ConfigureAwait(false))
        {
            return metric;
        }

        throw new OperationCanceledException(cancellationToken);
    }

    /// <summary>Gives the figures again and again until cancelled.</summary>
    /// <param name="interval">From one look to the next; rates are over this time.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="LlmOpsException"><c>ServerNotReachable</c>: nothing answers.</exception>
    public async IAsyncEnumerable<ServerMetric> WatchAsync(TimeSpan interval, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using ServerPages pages = new(endpoint, apiKey, s_patience);
        (string? model, string? version) = await pages.ReadIdentityAsync(cancellationToken).ConfigureAwait(false);
        ServerLook before = await pages.LookAsync(withSlots: false, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<string> notes = before.Notes;
        while (true)
        {
            await Task.Delay(interval, cancellationToken).ConfigureAwait(false);
            ServerLook now = await pages.LookAsync(withSlots: true, cancellationToken).ConfigureAwait(false);
            notes = [.. notes.Union(now.Notes)];
            yield return ToMetric(before, now, model, version, notes);
            before = now;
        }
    }

    private ServerMetric ToMetric(ServerLook before, ServerLook now, string? model, string? version, IReadOnlyList<string> notes)
    {
        MetricChange change = new(before, now);
        EngineReading? reading = now.Reading;
        return new ServerMetric
        {
            ServerName = serverName,
            Endpoint = endpoint.AbsoluteUri,
            Engine = reading?.Engine ?? (now.Slots.Count > 0 ? EngineMetricTable.LlamaCpp.Engine : null),
            Version = version,
            Model = model ?? reading?.ModelName,
            At = TimeProvider.System.GetUtcNow(),
            RequestsRunning = now.Running,
            RequestsWaiting = now.Waiting,
            SlotCount = now.Slots.Count == 0 ? null : now.Slots.Count,
            KvCacheUsage = now.KvUsage(_sharesContext),
            IntervalSeconds = change.Seconds,
            PromptTokensPerSecond = change.Rate(MetricFigure.PromptTokens),
            OutputTokensPerSecond = change.Rate(MetricFigure.OutputTokens),
            PromptTokens = (long?)reading?[MetricFigure.PromptTokens],
            CachedPromptTokens = (long?)reading?[MetricFigure.CachedPromptTokens],
            OutputTokens = (long?)reading?[MetricFigure.OutputTokens],
            Preemptions = (long?)reading?[MetricFigure.Preemptions],
            AcceptanceRate = Acceptance.Rate(reading?[MetricFigure.DraftTokens], reading?[MetricFigure.DraftTokensAccepted]),
            AcceptanceLength = Acceptance.Length(reading?[MetricFigure.Drafts], reading?[MetricFigure.DraftTokensAccepted]),
            Slots = now.Slots,
            Notes = notes,
        };
    }
}
