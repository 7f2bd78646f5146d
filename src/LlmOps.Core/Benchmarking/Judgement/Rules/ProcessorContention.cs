using LlmOps.Configuration;

namespace LlmOps.Benchmarking.Judgement.Rules;

/// <summary>Something else on the machine takes the processors.</summary>
internal sealed class ProcessorContention : ICauseRule
{
    private const double FullShare = 0.9;
    private const double OthersShare = 0.2;

    public LikelyCause? Look(JudgedPoint point)
    {
        if (point.Seen is not { HostCpuShare: > FullShare and { } share, HostProcessors: { } processors, ServerProcessors: { } server, ClientProcessors: { } client })
        {
            return null;
        }

        double others = (share * processors) - server - client;
        bool isVllm = point.Config?.Engine == EngineNames.Vllm;
        return others > OthersShare * processors
            ? new LikelyCause("processor-contention",
                CauseText.Of($"the machine's {processors} processors were {share:P0} busy, {others:0.0} of them with neither the server nor this client"),
                isVllm ? null : "threads",
                isVllm ? "Stop what else runs, or leave it processors: a smaller OMP_NUM_THREADS in its environment." : "Stop what else runs, or leave it processors: fewer --threads than processors.")
            : null;
    }
}
