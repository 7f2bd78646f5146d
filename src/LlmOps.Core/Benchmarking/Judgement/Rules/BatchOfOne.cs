namespace LlmOps.Benchmarking.Judgement.Rules;

/// <summary>Several requests are offered at once, and the server computes one after the other.</summary>
internal sealed class BatchOfOne : ICauseRule
{
    public bool IsAboutFigures => true;

    public LikelyCause? Look(JudgedPoint point)
    {
        if (point.Offered < 2)
        {
            return null;
        }

        string? found = point.Slots == 1 ? "the server has one slot"
            : point.Seen.Server is { PeakRequestsRunning: <= 1, PeakRequestsWaiting: > 0 and { } waiting } ? CauseText.Of($"the server never computed more than one request at once while up to {waiting} waited")
            : null;
        return found is null ? null : new LikelyCause("batch-of-one", CauseText.Of($"{point.Offered} requests were offered at once, but {found}, so the others waited"),
            point.Seen.Server?.Engine == "vllm" ? "max-num-seqs" : "parallel",
            "Give the server more slots: weights are read once for all requests of a batch.");
    }
}
