namespace LlmOps.Benchmarking;

/// <summary>What a search needs to know of a load that was measured.</summary>
/// <param name="Load">Requests in flight, or requests a second.</param>
/// <param name="TokensPerSecond">Generated tokens a second.</param>
/// <param name="MeetsSlo">Whether the objectives were met.</param>
internal readonly record struct SearchedLoad(double Load, double TokensPerSecond, bool MeetsSlo);
