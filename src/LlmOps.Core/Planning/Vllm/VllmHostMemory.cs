using LlmOps.Hardware;

namespace LlmOps.Planning.Vllm;

/// <summary>What vLLM needs of main memory while it starts.</summary>
/// <remarks>
/// Each rank is a process of its own with Python, torch and CUDA in it, and compiles for itself; the server and the engine's core are two more. Shards are
/// mapped, so that a checkpoint larger than what is free is read more slowly but does load: a reader's 25.03 GiB did with 8.9 GiB free under WSL, and was
/// killed afterwards, while the encoder was being tried (caovan.com, comments). The amounts are estimates of resident sets.
/// </remarks>
internal static class VllmHostMemory
{
    private const long PerRank = 4 * Bytes.GiB;
    private const long Servers = 3 * Bytes.GiB;

    /// <summary>Bytes needed besides the mapped files.</summary>
    public static long Needed(int ranks) => Servers + (ranks * PerRank);

    /// <summary>What is missing; null when enough is free, or nobody knows.</summary>
    public static PlanProblem? Problem(HostInfo host, int ranks, long checkpointBytes)
    {
        long needed = Needed(ranks);
        if (host.Memory.AvailableBytes is not { } free || free >= needed)
        {
            return null;
        }

        string remedy = host.IsWsl
            ? $"give WSL at least {Bytes.Format(needed + (2 * Bytes.GiB))}: memory= under [wsl2] in %UserProfile%\\.wslconfig, then 'wsl --shutdown'; swap there does not make up for it"
            : "free main memory, add swap space, or use fewer cards";
        return new PlanProblem(
            $"main memory is too small{(host.IsWsl ? " under WSL" : string.Empty)}: {Bytes.Format(free)} are free, and {ranks} rank(s) with the server need about {Bytes.Format(needed)} while they start; the {Bytes.Format(checkpointBytes)} of weights load all the same, being mapped, and the kernel then ends a rank while it compiles or tries the encoder",
            remedy);
    }
}
