namespace LlmOps.Benchmarking;

/// <summary>What happened in one slice of a load point's time.</summary>
/// <param name="StartSeconds">Its beginning, from the beginning of the load point.</param>
/// <param name="DurationSeconds">Its length.</param>
/// <param name="OutputTokensPerSecond">Generated tokens that arrived / length.</param>
/// <param name="InFlight">Requests in flight, mean over the slice.</param>
/// <param name="Started">Requests sent.</param>
/// <param name="Finished">Requests over, failed ones included.</param>
/// <param name="Failed">Requests that failed.</param>
public sealed record TimelineSlice(double StartSeconds, double DurationSeconds, double OutputTokensPerSecond, double InFlight, int Started, int Finished, int Failed);
