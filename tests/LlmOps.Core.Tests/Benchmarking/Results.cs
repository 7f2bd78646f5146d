using LlmOps.Benchmarking;

namespace LlmOps.Core.Tests.Benchmarking;

/// <summary>Load points for tests.</summary>
internal static class Results
{
    /// <summary>A load point of a closed loop whose requests took these times.</summary>
    public static ThroughputResult Of(int concurrency, IReadOnlyList<double> seconds, int tokens = 64)
    {
        RequestFigures[] requests = [.. seconds.Select((time, index) => new RequestFigures
        {
            DueSeconds = index / concurrency * 2.0,
            StartedSeconds = (index / concurrency * 2.0) + 0.001,
            EndedSeconds = (index / concurrency * 2.0) + time,
            TtftSeconds = time / 4,
            TpotSeconds = time * 0.75 / (tokens - 1),
            E2eSeconds = time,
            PromptTokens = 128,
            OutputTokens = tokens,
            Chunks = tokens,
        })];
        LatencySummary Summary(Func<RequestFigures, double?> of)
        {
            List<double> values = [.. requests.Select(of).OfType<double>().Order()];
            return new LatencySummary
            {
                Count = values.Count,
                Mean = values.Average(),
                P50 = LatencyStatistics.Percentile(values, 0.5),
                P90 = LatencyStatistics.Percentile(values, 0.9),
                P99 = LatencyStatistics.Percentile(values, 0.99),
                Min = values[0],
                Max = values[^1],
            };
        }

        double duration = seconds.Sum() / concurrency;
        return new ThroughputResult
        {
            ServerName = "tiny",
            Endpoint = "http://127.0.0.1:8080/",
            Model = "tiny-model",
            Concurrency = concurrency,
            RequestedPromptTokens = 128,
            RequestedOutputTokens = tokens,
            Requests = requests.Length,
            PromptTokens = 128L * requests.Length,
            OutputTokens = (long)tokens * requests.Length,
            DurationSeconds = duration,
            OutputTokensPerSecond = tokens * requests.Length / duration,
            TotalTokensPerSecond = (128 + tokens) * requests.Length / duration,
            DecodeTokensPerSecond = requests.Average(request => 1 / request.TpotSeconds!.Value),
            GoodputRequestsPerSecond = requests.Length / duration,
            TtftSeconds = Summary(request => request.TtftSeconds),
            TpotSeconds = Summary(request => request.TpotSeconds),
            ItlSeconds = Summary(request => request.TpotSeconds),
            E2eSeconds = Summary(request => request.E2eSeconds),
            Samples = requests,
            MeasuredAt = DateTimeOffset.UnixEpoch,
        };
    }

    /// <summary>Times around a mean, the same for the same seed.</summary>
    public static IReadOnlyList<double> Times(int count, double mean, double spread, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => mean * (1 + (spread * ((2 * random.NextDouble()) - 1))))];
    }
}
