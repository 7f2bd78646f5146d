using System.Globalization;

namespace LlmOps.Benchmarking;

/// <summary>Says what makes a result less than it looks.</summary>
internal static class ResultWarnings
{
    /// <summary>Percentiles of fewer requests than this say nothing.</summary>
    private const int FewRequests = 3;

    /// <summary>Above this share of one core the client may be what limits the figures.</summary>
    private const double HighCpuShare = 0.7;

    private const double PromptTolerance = 0.02;

    /// <summary>Above this share of joined chunks the median of ITL is no pace.</summary>
    private const double ManyJoined = 0.05;

    public static IReadOnlyList<string> Of(ThroughputResult result, int withoutUsage, string? errorExample, string? calibrationWarning, bool cacheIsWanted = false, bool lengthsAreKnown = true, int? promptTokens = null)
    {
        List<string> warnings = new();
        int successes = result.Requests - result.Errors;
        AddAboutErrors(warnings, result, errorExample);
        if (successes is > 0 and < FewRequests)
        {
            warnings.Add(Text($"only {successes} {(successes == 1 ? "request" : "requests")} succeeded; percentiles need more"));
        }

        if (withoutUsage > 0)
        {
            warnings.Add(Text($"{withoutUsage} responses had no usage; their chunks were counted as tokens"));
        }

        if (result.CachedPromptTokens > 0 && !cacheIsWanted)
        {
            warnings.Add(Text($"{result.CachedPromptTokens} of {result.PromptTokens} prompt tokens came from the server's cache, so TTFT is too good"));
        }

        if (calibrationWarning is not null)
        {
            warnings.Add(calibrationWarning);
        }

        if (lengthsAreKnown)
        {
            AddAboutLengths(warnings, result, successes - withoutUsage, promptTokens ?? result.RequestedPromptTokens);
        }

        AddAboutArrivals(warnings, result, successes);
        if (result.RequestRate is double rate && result.Arrival != ArrivalProcess.ClosedLoop && result.Requests > 0 && result.QueueSeconds.P99 > 0.1 * Math.Max(1e-3, result.E2eSeconds.P50))
        {
            warnings.Add(Text($"requests due at {rate:0.###} a second queued in the client for up to {result.QueueSeconds.P99:0.00} s (99th percentile): the cap on requests in flight, or the client, is the bottleneck"));
        }

        if (result.Client.CpuShare > HighCpuShare)
        {
            warnings.Add(Text($"this process used {result.Client.CpuShare:0.00} of a processor core, so the client may limit the figures"));
        }

        if (result.MaximumInFlight is null && result.TtftSeconds.Count > 0 && result.Client.StartDelaySecondsP99 > 0.001 && result.Client.StartDelaySecondsP99 > 0.05 * result.TtftSeconds.P50)
        {
            warnings.Add(Text($"requests started up to {result.Client.StartDelaySecondsP99 * 1000:0.0} ms late (99th percentile), which is in the TTFT"));
        }

        return warnings;
    }

    private static void AddAboutErrors(List<string> warnings, ThroughputResult result, string? errorExample)
    {
        if (result.Errors == 0)
        {
            return;
        }

        List<string> kinds = new();
        foreach ((string kind, int count) in result.ErrorKinds)
        {
            kinds.Add(Text($"{kind} × {count}"));
        }

        string example = errorExample is null ? "" : $"; first answer: {errorExample}";
        warnings.Add(Text($"{result.Errors} of {result.Requests} requests failed ({string.Join(", ", kinds)}){example}"));
    }

    private static void AddAboutArrivals(List<string> warnings, ThroughputResult result, int successes)
    {
        if (result.Client.AnswersInOnePiece > 0)
        {
            warnings.Add(Text($"{result.Client.AnswersInOnePiece} of {successes} answers of several tokens arrived in one piece; they have neither TPOT nor decode rate"));
        }

        if (result.Client.JoinedChunks > ManyJoined * result.ItlSeconds.Count)
        {
            warnings.Add(Text($"{100.0 * result.Client.JoinedChunks / result.ItlSeconds.Count:0} % of the chunks after the first arrived together with the one before (sent so, joined on the way, or while the client was not run), so their ITL is 0; ITL per token is free of that"));
        }
    }

    private static void AddAboutLengths(List<string> warnings, ThroughputResult result, int counted, int expected)
    {
        if (counted <= 0)
        {
            return;
        }

        double prompt = result.PromptTokens / (double)counted;
        if (result.PromptTokens > 0 && Math.Abs(prompt - expected) > Math.Max(1, PromptTolerance * expected))
        {
            warnings.Add(Text($"prompts had {prompt:0.#} tokens on average, not the {result.RequestedPromptTokens} asked for"));
        }

        double output = result.OutputTokens / (double)counted;
        if (output < result.RequestedOutputTokens - 0.5)
        {
            warnings.Add(Text($"answers had {output:0.#} tokens on average, not the {result.RequestedOutputTokens} asked for: the context is too short, or the server does not honour ignore_eos"));
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
