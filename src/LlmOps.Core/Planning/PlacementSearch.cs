using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;
using LlmOps.Hardware;
using LlmOps.Models;

namespace LlmOps.Planning;

/// <summary>A placement, what it uses, and how it came about.</summary>
/// <param name="Placement">The placement.</param>
/// <param name="Memory">What it uses.</param>
/// <param name="Fits">Whether every device and the host have room.</param>
/// <param name="Why">The rule that chose it, in one sentence.</param>
/// <param name="Rejected">What was tried before, in order.</param>
internal sealed record PlacementChoice(Placement Placement, MemoryPlan Memory, bool Fits, string Why, IReadOnlyList<string> Rejected);

/// <summary>
/// Tries placements from best to worst and takes the first that fits: everything on as few GPUs as possible with the full context, then a
/// quantised cache, then a shorter context, then experts on the host, then layers on the host, then the processor alone.
/// </summary>
/// <param name="model">The model.</param>
/// <param name="host">The machine.</param>
/// <param name="pinned">Options that must stay as they are.</param>
/// <param name="canUnify">Whether the engine can share one cache among slots.</param>
internal sealed class PlacementSearch(ModelDescription model, HostInfo host, OptionSet pinned, bool canUnify)
{
    /// <summary>Contexts are not made shorter than this before layers move to the host.</summary>
    private const long ShortestGpuContext = 16384;

    // A page cache and everything else on the machine need room too.
    private const long HostHeadroom = Bytes.GiB;

    private readonly List<string> _rejected = [];

    /// <summary>The best placement on <paramref name="devices"/> that fits, else the one that comes nearest.</summary>
    /// <param name="devices">Candidates, most free memory first.</param>
    /// <param name="start">Context, slots and cache types to start from.</param>
    public PlacementChoice Find(IReadOnlyList<PlanDevice> devices, Placement start)
    {
        bool placementIsPinned = pinned.Contains(LlamaCppOptions.GpuLayers.Name) || pinned.Contains(LlamaCppOptions.TensorSplit.Name)
            || pinned.Contains(LlamaCppOptions.CpuMoeLayers.Name);
        IEnumerable<(Placement Placement, string Why)> candidates = devices.Count == 0 ? Processor(start)
            : placementIsPinned ? Pinned(devices, start)
            : OnGpus(devices, start).Concat(ExpertsOnHost(devices, start)).Concat(LayersOnHost(devices, start)).Concat(Processor(start));

        PlacementChoice? nearest = null;
        foreach ((Placement candidate, string why) in candidates)
        {
            // A quantised V cache makes flash attention a must: then the engine is told, and decides nothing.
            Placement placement = candidate with { FlashAttentionIsAutomatic = candidate.FlashAttentionIsAutomatic && !KvCacheTypes.IsQuantised(candidate.TypeV) };
            MemoryPlan memory = MemoryModel.Estimate(model, placement, host);
            if (Shortage(memory) is not var (where, missing))
            {
                return new PlacementChoice(placement, memory, Fits: true, why, Summary());
            }

            _rejected.Add($"{Describe(placement)}: {where} lacks {Bytes.Format(missing)}");
            if (nearest is null || missing < Shortage(nearest.Memory)!.Value.Missing)
            {
                nearest = new PlacementChoice(placement, memory, Fits: false, why, []);
            }
        }

        return nearest! with { Rejected = Summary() };
    }

    /// <summary>The place that lacks most and how many bytes; null when everything fits.</summary>
    public static (string Where, long Missing)? Shortage(MemoryPlan memory)
    {
        (string Where, long Missing)? worst = null;
        foreach (DeviceMemory device in memory.Devices)
        {
            if (device.FreeAfterBytes < 0 && -device.FreeAfterBytes > (worst?.Missing ?? 0))
            {
                worst = (device.Name, -device.FreeAfterBytes);
            }
        }

        if (memory.Host.FreeAfterBytes is { } free && free < HostHeadroom && HostHeadroom - free > (worst?.Missing ?? 0) && memory.Host.UsedBytes > 0)
        {
            worst = ("main memory", HostHeadroom - free);
        }

        return worst;
    }

    private IEnumerable<(Placement, string)> OnGpus(IReadOnlyList<PlanDevice> devices, Placement start)
    {
        foreach (long context in Contexts(start, ShortestGpuContext))
        {
            for (int count = 1; count <= devices.Count; count++)
            {
                foreach ((string k, string v) in CacheTypes(start))
                {
                    yield return (
                        start with { Devices = Chosen(devices, count), GpuLayers = model.LayerCount + 1, ContextLength = context, TypeK = k, TypeV = v },
                        count == 1 ? "the whole model and its context fit on one GPU" : $"the whole model and its context need {count} GPUs");
                }
            }
        }
    }

    private IEnumerable<(Placement, string)> ExpertsOnHost(IReadOnlyList<PlanDevice> devices, Placement start)
    {
        if (model.Experts is null)
        {
            yield break;
        }

        foreach (long context in Contexts(start, ShortestGpuContext))
        {
            for (int moved = 1; moved <= model.LayerCount; moved++)
            {
                (string k, string v) = CacheTypes(start).Last();
                yield return (
                    start with { Devices = Chosen(devices, devices.Count), GpuLayers = model.LayerCount + 1, CpuMoeLayers = moved, ContextLength = context, TypeK = k, TypeV = v },
                    $"the experts of the first {moved} of {model.LayerCount} layers stay in main memory, since only a few experts work on each token");
            }
        }
    }

    private IEnumerable<(Placement, string)> LayersOnHost(IReadOnlyList<PlanDevice> devices, Placement start)
    {
        long context = Contexts(start, ShortestGpuContext).Last();
        (string k, string v) = CacheTypes(start).Last();
        for (int offloaded = model.LayerCount; offloaded > 0; offloaded--)
        {
            yield return (
                start with { Devices = Chosen(devices, devices.Count), GpuLayers = offloaded, ContextLength = context, TypeK = k, TypeV = v },
                $"only {offloaded} of {model.LayerCount + 1} layers fit on the GPUs; the others run on the processor");
        }
    }

    private IEnumerable<(Placement, string)> Pinned(IReadOnlyList<PlanDevice> devices, Placement start)
    {
        Placement fixedPlacement = start with
        {
            GpuLayers = (int)Math.Min(pinned[LlamaCppOptions.GpuLayers.Name] as long? ?? int.MaxValue, model.LayerCount + 1),
            Shares = pinned[LlamaCppOptions.TensorSplit.Name] as IReadOnlyList<double> ?? [],
            CpuMoeLayers = (int)Math.Min(pinned[LlamaCppOptions.CpuMoeLayers.Name] as long? ?? 0, model.LayerCount),
        };
        int least = Math.Max(1, fixedPlacement.Shares.Count);
        foreach (long context in Contexts(start, ShortestGpuContext))
        {
            for (int count = Math.Min(least, devices.Count); count <= devices.Count; count++)
            {
                foreach ((string k, string v) in CacheTypes(start))
                {
                    yield return (fixedPlacement with { Devices = Chosen(devices, count), ContextLength = context, TypeK = k, TypeV = v }, "the placement is pinned");
                }
            }
        }
    }

    private IEnumerable<(Placement, string)> Processor(Placement start)
    {
        foreach (long context in Contexts(start with { ContextLength = CpuContext(start) }, 4096))
        {
            yield return (start with { Devices = [], GpuLayers = 0, CpuMoeLayers = 0, Shares = [], ContextLength = context }, "there is no GPU that this engine can use");
        }
    }

    private long CpuContext(Placement start) =>
        pinned.Contains(LlamaCppOptions.ContextLength.Name) ? start.ContextLength : Math.Min(start.ContextLength, ServerPlanner.LongestCpuContext);

    private IEnumerable<long> Contexts(Placement start, long shortest)
    {
        if (pinned.Contains(LlamaCppOptions.ContextLength.Name))
        {
            yield return start.ContextLength;
            yield break;
        }

        long context = start.ContextLength;
        do
        {
            yield return context;
            context /= 2;
        }
        while (context >= shortest);
    }

    private IEnumerable<(string K, string V)> CacheTypes(Placement start)
    {
        yield return (start.TypeK, start.TypeV);
        bool isPinned = pinned.Contains(LlamaCppOptions.KvCacheTypeK.Name) || pinned.Contains(LlamaCppOptions.KvCacheTypeV.Name);
        bool blocksFit = model.Attention.All(shape => shape.KeyLength % 32 == 0 && shape.ValueLength % 32 == 0);
        if (!isPinned && start.FlashAttention && blocksFit)
        {
            yield return ("q8_0", "q8_0");
        }
    }

    // The most free ones, given to the engine in the order of the machine.
    private static IReadOnlyList<PlanDevice> Chosen(IReadOnlyList<PlanDevice> devices, int count) =>
        [.. devices.Take(count).OrderBy(device => device.Gpu.Index)];

    private string Describe(Placement placement) =>
        placement.Devices.Count == 0 ? $"the processor alone with {placement.ContextLength} tokens of context"
        : $"{placement.GpuLayers} of {model.LayerCount + 1} layers on {string.Join(" and ", placement.Devices.Select(device => device.Name))} with {placement.ContextLength} tokens of {placement.TypeK}"
            + (placement.CpuMoeLayers > 0 ? $" and the experts of {placement.CpuMoeLayers} layers on the host" : string.Empty)
            + (canUnify ? string.Empty : $" over {placement.Slots} slots");

    // The first and the last attempts tell the story; hundreds of steps between them do not.
    private IReadOnlyList<string> Summary() => _rejected.Count <= 4 ? _rejected : [.. _rejected.Take(2), .. _rejected.TakeLast(2)];
}
