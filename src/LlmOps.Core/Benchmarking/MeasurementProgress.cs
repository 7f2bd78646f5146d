namespace LlmOps.Benchmarking;

/// <summary>How far a measurement is.</summary>
/// <param name="Concurrency">The load point being measured; 0 before the first.</param>
/// <param name="Completed">Requests of this point that are over, failed ones included.</param>
/// <param name="Total">Requests of this point; 0 when only time ends it.</param>
/// <param name="OutputTokensPerSecondSoFar">Generated tokens of finished requests / time since the point began.</param>
/// <param name="Activity">One short sentence for people.</param>
public sealed record MeasurementProgress(int Concurrency, int Completed, int Total, double OutputTokensPerSecondSoFar, string Activity);
