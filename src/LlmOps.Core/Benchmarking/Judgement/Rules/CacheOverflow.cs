namespace LlmOps.Benchmarking.Judgement.Rules;

/// <summary>The cache was full, so requests were thrown out and computed again (vLLM).</summary>
internal sealed class CacheOverflow : ICauseRule
{
    public bool IsAboutFigures => true;

    public LikelyCause? Look(JudgedPoint point) => point.Seen.Server is { Preemptions: > 0 and { } count } server
        ? new LikelyCause("cache-overflow",
            CauseText.Of($"{count} requests were thrown out of the full cache and computed again{(server.PeakKvCacheUsage is { } usage ? CauseText.Of($" (use up to {usage:P0})") : "")}"),
            "max-num-seqs", "Allow fewer requests at once (--max-num-seqs), or more cache (--gpu-memory-utilization, --kv-cache-dtype fp8).")
        : null;
}
