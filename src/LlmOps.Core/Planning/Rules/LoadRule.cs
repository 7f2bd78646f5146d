using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;
using LlmOps.Hardware;

namespace LlmOps.Planning.Rules;

/// <summary>How the file is loaded: mapped or read, locked in main memory or not.</summary>
internal sealed class LoadRule : IOptionRule
{
    private const long LockHeadroom = 4 * Bytes.GiB;

    /// <inheritdoc/>
    public OptionSet Apply(OptionSet options, PlanFacts facts, TunedPlacement tuned, DecisionLog log)
    {
        Placement placement = tuned.Placement;
        bool allOnGpus = placement.Devices.Count > 0 && placement.GpuLayers > facts.Model.LayerCount && placement.CpuMoeLayers == 0 && !facts.Pinned(LlamaCppOptions.OverrideTensor);
        bool mapIsPinned = facts.Pinned(LlamaCppOptions.MemoryMap);
        bool shares = placement.Devices.Any(device => device.Gpu.SharedMemory);
        bool maps = facts.PinnedSwitch(LlamaCppOptions.MemoryMap) ?? (!allOnGpus || shares);
        if (!mapIsPinned && facts.Pinned(LlamaCppOptions.MemoryLock) && facts.PinnedSwitch(LlamaCppOptions.MemoryLock) == true)
        {
            maps = !allOnGpus;
        }

        if (!mapIsPinned && !LlamaCppCommandLine.CanRender(LlamaCppOptions.MemoryMap, maps, facts.Engine))
        {
            maps = true;
        }

        options = log.Set(
            options,
            LlamaCppOptions.MemoryMap,
            maps,
            maps ? "weights stay in the page cache and a restart finds them there" : "everything goes to GPUs: the file is read once in order, and only the input tables stay in main memory",
            maps ? ["false: the weights would be copied into memory that a restart has to fill again"] : [$"true: {Bytes.Format(facts.Model.SizeBytes)} would stay mapped for {Bytes.Format(facts.Model.Weights.InputBytes)} that are used"]);

        if (facts.Pinned(LlamaCppOptions.MemoryLock))
        {
            return log.Set(options, LlamaCppOptions.MemoryLock, true, string.Empty);
        }

        // A mapping is locked from the file's start to the last tensor that stays in main memory, at worst all of it.
        long bytes = maps ? facts.Model.SizeBytes : tuned.Choice.Memory.Host.WeightsBytes;
        string? hindrance = Hindrance(facts.Host, bytes, tuned.Choice.Memory.Host.FreeAfterBytes, shares);
        bool locks = hindrance is null && LlamaCppCommandLine.CanRender(LlamaCppOptions.MemoryLock, true, facts.Engine);
        if (!locks)
        {
            log.Add(LlamaCppOptions.MemoryLock.Name, "false", hindrance ?? "this build cannot be told to", [$"true: {Bytes.Format(bytes)} could never be swapped out"]);
            return options;
        }

        return log.Set(
            options,
            LlamaCppOptions.MemoryLock,
            true,
            $"{Bytes.Format(bytes)} in main memory are read for every token and must not be swapped out; limit and memory allow it",
            "false: the kernel may write them to swap or drop them when memory runs short");
    }

    /// <summary>Why <paramref name="bytes"/> must not be locked; null when they may.</summary>
    /// <param name="host">The machine.</param>
    /// <param name="bytes">Bytes to lock.</param>
    /// <param name="freeAfter">Main memory that the plan leaves, with those bytes taken.</param>
    /// <param name="isShared">Whether GPUs take their memory from the same.</param>
    internal static string? Hindrance(HostInfo host, long bytes, long? freeAfter, bool isShared) =>
        host.Limits.MemlockBytes is not { } limit ? "how much may be locked is not known for this machine"
        : limit >= 0 && limit < bytes ? $"{Bytes.Format(bytes)} would have to be locked and the limit (ulimit -l) is {Bytes.Format(limit)}"
        : freeAfter is not { } free ? "how much main memory is free is not known"
        : isShared ? "the GPU takes its memory from the same; what is locked could not make room"
        : free < Math.Max(LockHeadroom, (host.Memory.TotalBytes ?? 0) / 10) ? $"only {Bytes.Format(Math.Max(0, free))} of main memory would be left for everything else"
        : null;
}
