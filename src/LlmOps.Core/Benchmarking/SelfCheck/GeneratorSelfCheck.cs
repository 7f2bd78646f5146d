using System.Globalization;
using System.Text.Json;

namespace LlmOps.Benchmarking.SelfCheck;

/// <summary>Measures the load generator itself, against a server that says when it sent each token.</summary>
/// <param name="endpoint">A <see cref="ScheduleServer"/> in a process of its own on this machine.</param>
/// <param name="options">The load.</param>
public sealed class GeneratorSelfCheck(Uri endpoint, SelfCheckOptions options)
{
    private const int ManyStreams = 500;
    private const int WarmupRounds = 3;

    /// <summary>Runs the load once and compares.</summary>
    /// <exception cref="LlmOpsException"><c>ServerNotReachable</c>: the server is not there.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public async Task<SelfCheckResult> RunAsync(CancellationToken cancellationToken)
    {
        using ServerClient client = new(endpoint, apiKey: null);
        LoadPoint point = new()
        {
            Model = "schedule",
            Prompts = new SyntheticPrompts(new WordPrompt(WordList.Common, options.PromptTokens), seed: null),
            Concurrency = options.Streams,
            OutputTokens = options.OutputTokens,
            RequestLimit = options.Streams,
            RequestTimeout = TimeSpan.FromMinutes(2) + options.Duration,
        };

        await WarmUpAsync(client, point, cancellationToken).ConfigureAwait(false);
        (long promptsBefore, long tokensBefore) = await CountersAsync(client, cancellationToken).ConfigureAwait(false);
        ProcessorMeter meter = ProcessorMeter.Start();
        IReadOnlyList<RequestSample> samples = await new ClosedLoop(client, point, static _ => { }).RunAsync(cancellationToken).ConfigureAwait(false);
        double processorSeconds = meter.Seconds;
        (long promptsAfter, long tokensAfter) = await CountersAsync(client, cancellationToken).ConfigureAwait(false);
        ServerAnswer answer = await client.AskAsync("sent", content: null, TimeSpan.FromMinutes(1), cancellationToken).ConfigureAwait(false);
        using JsonDocument sent = JsonDocument.Parse(answer.Body);
        return Judge(Compare(samples, sent, processorSeconds, client.TransportName) with
        {
            ServerPromptTokens = promptsAfter - promptsBefore,
            ServerOutputTokens = tokensAfter - tokensBefore,
        });
    }

    /// <summary>Opens the connections, and has the runtime compile what runs often, once for all that follows: beginnings and ends in short rounds, tokens in the last one.</summary>
    private async Task WarmUpAsync(ServerClient client, LoadPoint point, CancellationToken cancellationToken)
    {
        for (int round = 0; round < WarmupRounds; round++)
        {
            int tokens = round < WarmupRounds - 1 ? 2 : Math.Min(options.OutputTokens, (int)Math.Ceiling(2 * options.TokensPerSecond));
            await new ClosedLoop(client, point with { OutputTokens = tokens, Numbers = new NumberSource() }, static _ => { }).RunAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task<(long Prompts, long Outputs)> CountersAsync(ServerClient client, CancellationToken cancellationToken)
    {
        ServerAnswer answer = await client.AskAsync("counters", content: null, TimeSpan.FromMinutes(1), cancellationToken).ConfigureAwait(false);
        using JsonDocument counters = JsonDocument.Parse(answer.Body);
        return (counters.RootElement.GetProperty("promptTokens").GetInt64(), counters.RootElement.GetProperty("outputTokens").GetInt64());
    }

    private SelfCheckResult Compare(IReadOnlyList<RequestSample> samples, JsonDocument sent, double processorSeconds, string transport)
    {
        Dictionary<string, JsonElement> streams = [];
        foreach (JsonElement stream in sent.RootElement.GetProperty("streams").EnumerateArray())
        {
            streams.Add(stream.GetProperty("id").GetString()!, stream);
        }

        SelfCheckFold fold = new();
        foreach (RequestSample sample in samples)
        {
            fold.Add(sample, sample.Id is not null && streams.TryGetValue(sample.Id, out JsonElement stream) ? stream : null);
        }

        return fold.ToResult(options, processorSeconds) with { Transport = transport };
    }

    private static SelfCheckResult Judge(SelfCheckResult result)
    {
        double limit = result.Streams >= ManyStreams ? 0.005 : 0.001;
        bool counted = result.Errors == 0 && result.ClientOutputTokens == result.ServerOutputTokens && result.ClientPromptTokens == result.ServerPromptTokens;
        bool passed = counted && result.TimingErrorSeconds.P99 < limit;
        string text = string.Create(
            CultureInfo.InvariantCulture,
            $"{result.Streams} streams x {result.TokensPerSecondPerStream:0.#} tokens/s: timing error p50 {result.TimingErrorSeconds.P50 * 1e6:0} us, p99 {result.TimingErrorSeconds.P99 * 1e6:0} us (limit {limit * 1000:0} ms), client {result.CpuMicrosecondsPerToken:0.0} us of processor time a token, {result.ClientOutputTokens} of {result.ServerOutputTokens} tokens counted");
        return result with { Passed = passed, Summary = text };
    }
}
