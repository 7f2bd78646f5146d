using LlmOps.Benchmarking.Observation;
using LlmOps.Configuration;
using LlmOps.Engines.LlamaCpp;

namespace LlmOps.Benchmarking.Judgement;

/// <summary>All that the rules may look at.</summary>
/// <param name="Result">What was measured.</param>
/// <param name="Machine">What is known of the server and its machine.</param>
internal sealed record JudgedPoint(ThroughputResult Result, ObservationOptions Machine)
{
    /// <summary>What was seen beside the requests; never null.</summary>
    public PointObservation Seen => Result.Observation ?? new PointObservation();

    /// <summary>The configuration; null when it is not known.</summary>
    public ServerConfig? Config => Machine.Config;

    /// <summary>Requests that the server can compute at once; null when it is not known.</summary>
    public int? Slots => Machine.Slots ?? (int?)(Config?.Options[LlamaCppOptions.Parallel.Name] as long?);

    /// <summary>Requests offered at once: the streams, or the most that were in flight.</summary>
    public int Offered => Result.Concurrency;

    /// <summary>Requests offered that the server can compute at once.</summary>
    public int Streams => Math.Max(1, Math.Min(Offered, Slots ?? Offered));

    /// <summary>Generated tokens a second of one stream: that of the median request, because a stalled client makes single ones absurdly fast.</summary>
    public double? DecodeRate => Result.TpotSeconds is { Count: > 0, P50: > 0 } tpot ? 1 / tpot.P50 : null;

    /// <summary>Whether any request gave tokens.</summary>
    public bool Generated => Result.OutputTokens > 0;
}
