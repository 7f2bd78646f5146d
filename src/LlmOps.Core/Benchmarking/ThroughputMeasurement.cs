using System.Globalization;
using System.Runtime.CompilerServices;

namespace LlmOps.Benchmarking;

/// <summary>Measures a running server that speaks the OpenAI protocol, one load point after another.</summary>
/// <remarks>Definitions of the figures are on <see cref="ThroughputResult"/>. Every request has its own random prompt, so that no cache helps, unless asked otherwise.</remarks>
/// <param name="options">What to measure.</param>
public sealed class ThroughputMeasurement(MeasurementOptions options)
{
    /// <summary>Warm-up needs the full prompt, to size the server's buffers, but few answers' tokens.</summary>
    private const int WarmupOutputTokens = 16;

    private const int DefaultSearchLimit = 1024;

    /// <summary>Measures every load point and gives each result as soon as it is there; a search gives all of its points when it is over, by load.</summary>
    /// <param name="progress">Told after each request; null when nobody watches.</param>
    /// <param name="cancellationToken">Gives up; the requests in flight are closed at once.</param>
    /// <exception cref="LlmOpsException"><c>InvalidMeasurementOption</c>, <c>PromptFileInvalid</c>, <c>ServerNotReachable</c>, <c>ServerNotReady</c>, <c>ApiKeyRefused</c>, <c>ModelNotListed</c> or <c>ChatRequestFailed</c>. Requests that fail later are in the result.</exception>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public async IAsyncEnumerable<ThroughputResult> RunAsync(IProgress<MeasurementProgress>? progress, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        options.Validate();
        FilePrompts? file = options.PromptFile is null ? null : FilePrompts.Load(options.PromptFile, options.Turns > 1);
        using ServerClient client = new(options.Endpoint, options.ApiKey, options.StallTimeout, options.UsesSystemClient, options.SkipsCertificateCheck);
        ServerProbe probe = new(client, options.ApiKey);

        progress?.Report(new MeasurementProgress(0, 0, 0, 0, $"Asking {client.Address} whether it is ready"));
        await probe.RequireReadyAsync(cancellationToken).ConfigureAwait(false);
        string model = options.Model ?? await probe.FirstModelAsync(cancellationToken).ConfigureAwait(false);
        LoadPoint shape = Shape(model, file ?? (IPromptSource)new SyntheticPrompts(new WordPrompt(WordList.Common, 1), options.Seed));
        string? warning = null;
        if (file is null)
        {
            progress?.Report(new MeasurementProgress(0, 0, 0, 0, FormattableString.Invariant($"Making prompts of {options.PromptTokens} tokens")));
            PromptCalibration calibration = new(client, probe, shape, options.PreparationTimeout);
            CalibratedPrompt prompt = await calibration.RunAsync(options.PromptTokens, options.SharedPrefixTokens, PromptsNeeded(), cancellationToken).ConfigureAwait(false);
            shape = shape with { Prompts = new SyntheticPrompts(prompt.Prompt, prompt.Numbers.Count > 0 ? PromptTokenizer.Seed : options.Seed, prompt.Numbers) { Tokens = prompt.Tokens ?? options.PromptTokens } };
            warning = prompt.Warning;
        }

        PointRunner runner = new(client, options, warning, progress);
        if (options.Search != LoadSearch.None)
        {
            foreach (ThroughputResult result in await SearchAsync(runner, shape, cancellationToken).ConfigureAwait(false))
            {
                yield return result;
            }

            yield break;
        }

        foreach (LoadPoint point in Points(shape))
        {
            await runner.WarmUpAsync(point, WarmupOutputTokens, cancellationToken).ConfigureAwait(false);
            yield return await runner.MeasureAsync(point, cancellationToken).ConfigureAwait(false);
        }
    }

    private LoadPoint Shape(string model, IPromptSource prompts) => new()
    {
        Model = model,
        Prompts = prompts,
        OutputTokens = options.OutputTokens,
        Api = options.Api,
        Turns = options.Turns,
        ToolCalls = options.ToolCalls,
        IgnoreEndOfText = options.IgnoreEndOfText,
        CountTokensPerChunk = options.CountTokensPerChunk,
        MayUseCache = options.SharedPrefixTokens > 0 || options.Turns > 1,
        RequestLimit = 1,
        Duration = options.Duration,
        Ramp = options.Ramp,
        CoolDown = options.CoolDown,
        Grace = options.Grace,
        RequestTimeout = options.RequestTimeout,
        Seed = options.Seed,
    };

    private IEnumerable<LoadPoint> Points(LoadPoint shape)
    {
        if (!options.IsOpenLoop)
        {
            foreach (int concurrency in options.Concurrency)
            {
                yield return AtConcurrency(shape, concurrency);
            }
        }

        foreach (double rate in options.Rate)
        {
            yield return AtRate(shape, rate);
        }
    }

    private LoadPoint AtConcurrency(LoadPoint shape, int concurrency) => shape with { Concurrency = concurrency, RequestLimit = options.RequestLimit(concurrency) };

    private LoadPoint AtRate(LoadPoint shape, double rate) => shape with
    {
        Rate = rate,
        Arrival = options.Arrival,
        Burstiness = options.Burstiness,
        MaximumInFlight = options.MaximumInFlight,
        RequestLimit = options.RequestLimitOf(rate),
    };

    /// <summary>An upper bound where the number of requests is known, and many where it is not.</summary>
    private int PromptsNeeded()
    {
        if (options.Requests is null && options.Duration is not null || options.Search != LoadSearch.None || options.Ramp + options.CoolDown > TimeSpan.Zero)
        {
            return int.MaxValue;
        }

        long needed = 0;
        foreach (LoadPoint point in Points(Shape("", new SyntheticPrompts(new WordPrompt(WordList.Common, 1), seed: 0))))
        {
            needed += point.RequestLimit + (((long)options.Warmup + 1) * Math.Max(point.Concurrency, 8));
        }

        return (int)Math.Min(int.MaxValue, needed);
    }

    private async Task<IReadOnlyList<ThroughputResult>> SearchAsync(PointRunner runner, LoadPoint shape, CancellationToken cancellationToken)
    {
        bool isOpen = options.IsOpenLoop;
        double first = isOpen ? options.Rate[0] : options.Concurrency[0];
        LoadSearcher searcher = new(options.Search, first, options.SearchLimit ?? (isOpen ? DefaultSearchLimit * first : Math.Max(DefaultSearchLimit, first)), isWhole: !isOpen);
        SortedDictionary<double, ThroughputResult> results = [];
        List<SearchedLoad> measured = [];
        while (searcher.Next(measured) is double load)
        {
            LoadPoint point = isOpen ? AtRate(shape, load) : AtConcurrency(shape, (int)load);
            await runner.WarmUpAsync(point, WarmupOutputTokens, cancellationToken).ConfigureAwait(false);
            ThroughputResult result = await runner.MeasureAsync(point, cancellationToken).ConfigureAwait(false);
            results[load] = result;
            measured.Add(new SearchedLoad(load, result.OutputTokensPerSecond, result.MeetsSlo ?? result.Errors == 0));
        }

        if (searcher.Found(measured) is double found)
        {
            results[found] = results[found] with { Verdict = options.Search == LoadSearch.Knee ? LoadVerdict.Knee : LoadVerdict.HighestWithinSlo };
        }
        else
        {
            double lowest = results.Keys.First();
            string none = string.Create(CultureInfo.InvariantCulture, $"no load down to {lowest:0.###} met the objectives");
            results[lowest] = results[lowest] with { Warnings = [.. results[lowest].Warnings, none] };
        }

        return [.. results.Values];
    }
}
