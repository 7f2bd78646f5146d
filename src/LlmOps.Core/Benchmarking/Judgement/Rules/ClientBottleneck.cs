namespace LlmOps.Benchmarking.Judgement.Rules;

/// <summary>This client, not the server, limits the figures.</summary>
internal sealed class ClientBottleneck : ICauseRule
{
    /// <summary>The id of its cause.</summary>
    public const string Id = "client-bottleneck";

    /// <summary>Of one processor; the receiving thread of a client is one.</summary>
    private const double BusyProcessor = 0.9;

    /// <summary>A wait that is visible in a time per token.</summary>
    private const double LeastDelaySeconds = 0.001;

    private const double ShareOfTpot = 0.1;

    /// <summary>Network and waking up cost some; half as slow again is another's doing.</summary>
    private const double MostSlowdown = 1.5;

    public bool IsAboutFigures => true;

    public LikelyCause? Look(JudgedPoint point)
    {
        double delay = point.Seen.ClientSchedulingDelaySeconds ?? 0;
        string? found = point.Result.Client.CpuShare > BusyProcessor
            ? CauseText.Of($"this client used {point.Result.Client.CpuShare:0.00} of a processor")
            : delay > LeastDelaySeconds && point.Result.TpotSeconds.Count > 0 && delay > ShareOfTpot * point.Result.TpotSeconds.P50
                ? CauseText.Of($"this client's threads waited {delay * 1000:0.0} ms for a processor each time, beside a TPOT of {point.Result.TpotSeconds.P50 * 1000:0.0} ms")
                : Slowdown(point.Result.Samples) is > MostSlowdown and { } slowdown
                    ? CauseText.Of($"this client saw tokens come {slowdown:0.0} times slower than the server says it made them (median of the requests)")
                    : null;
        return found is null ? null : new LikelyCause(Id, $"{found}, so the client is in the figures", null,
            "Measure from another machine, or leave the client a processor of its own (taskset, fewer --threads for the server).");
    }

    /// <summary>Client's time per token / server's, of the median request; null when the server does not tell.</summary>
    private static double? Slowdown(IReadOnlyList<RequestFigures> requests)
    {
        List<double> ratios = [.. requests.Select(request => request.TpotSeconds * request.ServerDecodeTokensPerSecond).OfType<double>().Where(double.IsFinite).Order()];
        return ratios.Count == 0 ? null : LatencyStatistics.Percentile(ratios, 0.5);
    }
}
