using LlmOps.Engines.LlamaCpp;
using LlmOps.Models;

namespace LlmOps.Planning;

/// <summary>
/// Tries placements from best to worst and takes the first that fits: everything on as few GPUs as possible with the full context, then a
/// quantised cache, then a shorter context, then experts on the host, then layers on the host, then the processor alone.
/// </summary>
/// <remarks>How many layers or experts must move is bisected, and what cannot fit by its weights and caches alone is not looked at closer.</remarks>
/// <param name="estimator">Knows the bytes of a placement.</param>
/// <param name="facts">What is fixed.</param>
internal sealed class PlacementSearch(PlacementEstimator estimator, PlanFacts facts)
{
    /// <summary>Contexts are not made shorter than this before layers move to the host.</summary>
    private const long ShortestGpuContext = 16384;

    private const long ShortestContext = 4096;

    // The first guess is nearly right; some more find the last steps.
    private const int MostTrials = 4;

    private readonly ModelDescription _model = estimator.Model;
    private readonly PlacementTrial _trial = new(estimator);

    /// <summary>The best placement on <paramref name="devices"/> that fits, else the one that comes nearest.</summary>
    /// <param name="devices">Candidates, most free memory first.</param>
    /// <param name="start">Context, slots and cache types to start from.</param>
    public PlacementChoice Find(IReadOnlyList<PlanDevice> devices, Placement start)
    {
        PlacementChoice? found = devices.Count == 0 ? Processor(start, "there is no GPU that this engine can use")
            : OnGpus(devices, start) ?? ExpertsOnHost(devices, start) ?? LayersOnHost(devices, start) ?? Instead(start);
        return found is null ? _trial.Nearest() : found with { Rejected = _trial.Rejected };
    }

    /// <summary>The placement with its layers shared out anew, when it fits; null when it does not.</summary>
    /// <param name="placement">What to try.</param>
    /// <param name="why">What is said of it.</param>
    /// <param name="scratch">Scratch memory that each device needs at least.</param>
    public PlacementChoice? Try(Placement placement, string why, IReadOnlyList<long> scratch) => _trial.Run(placement, why, notes: false, scratch);

    private PlacementChoice? OnGpus(IReadOnlyList<PlanDevice> devices, Placement start)
    {
        string because = start.GpuLayers <= _model.LayerCount || start.CpuMoeLayers > 0 ? "the placement is as pinned, and " : string.Empty;
        IReadOnlyList<IReadOnlyList<PlanDevice>> sets = DeviceSets.Of(devices, start, facts);
        PlacementChoice? first = null;
        return Longest(Contexts(start, facts.Pinned(LlamaCppOptions.GpuLayers) ? ShortestContext : ShortestGpuContext), (context, notes) => notes ? first = At(context) : Longer(first!, context));

        // What was too small or too large for the shorter context is so for a longer one, and scratch memory only grows.
        PlacementChoice? Longer(PlacementChoice found, long context) =>
            _trial.Run(start with { Devices = found.Placement.Devices, ContextLength = context, TypeK = found.Placement.TypeK, TypeV = found.Placement.TypeV }, found.Why, notes: false, [.. found.Memory.Devices.Select(device => device.ComputeBytes)]);

        PlacementChoice? At(long context)
        {
            foreach (IReadOnlyList<PlanDevice> chosen in sets)
            {
                foreach ((string k, string v) in CacheTypes(start))
                {
                    string why = because + (chosen.Count == 1 ? "the whole model and its context fit on one GPU" : $"the model and its context need {chosen.Count} GPUs");
                    if (_trial.Run(start with { Devices = chosen, ContextLength = context, TypeK = k, TypeV = v }, why) is { } found)
                    {
                        return found;
                    }
                }
            }

            return null;
        }
    }

    // The first context that fits, and what the memory that it leaves holds beyond it.
    private static PlacementChoice? Longest(IEnumerable<long> contexts, Func<long, bool, PlacementChoice?> at)
    {
        long tooLong = 0;
        foreach (long context in contexts)
        {
            if (at(context, true) is { } found)
            {
                return tooLong == 0 ? found : Lengthen(found, tooLong, at);
            }

            tooLong = context;
        }

        return null;
    }

    // Keys and values grow with the context and little else does, so what is free tells nearly how much longer it may be.
    private static PlacementChoice Lengthen(PlacementChoice found, long tooLong, Func<long, bool, PlacementChoice?> at)
    {
        long streams = found.Placement.Unified ? 1 : found.Placement.Slots;
        long missed = 0;
        for (int trial = 0; trial < MostTrials; trial++)
        {
            long context = found.Placement.ContextLength;
            long guess = missed switch
            {
                0 => Math.Min(context + FreeTokens(found), tooLong - 1),
                1 => tooLong - 1,
                _ => (context + tooLong) / 2,
            };
            guess = ContextSteps.Floor(guess, streams);
            if (guess <= context)
            {
                break;
            }

            if (at(guess, false) is { } longer)
            {
                found = longer;
            }
            else
            {
                tooLong = guess;
                missed++;
            }
        }

        return found;
    }

    private static long FreeTokens(PlacementChoice found)
    {
        long free = 0;
        long taken = 0;
        foreach (DeviceMemory device in found.Memory.Devices)
        {
            free += Math.Max(0, device.FreeAfterBytes);
            taken += device.KvCacheBytes;
        }

        return taken == 0 ? long.MaxValue / 4 : (long)((double)free / taken * found.Placement.ContextLength);
    }

    private PlacementChoice? ExpertsOnHost(IReadOnlyList<PlanDevice> devices, Placement start)
    {
        if (_model.Experts is null || !LlamaCppCommandLine.CanRender(LlamaCppOptions.CpuMoeLayers, 1L, facts.Engine) || facts.Pinned(LlamaCppOptions.CpuMoeLayers) || facts.Pinned(LlamaCppOptions.CpuMoe) || facts.Pinned(LlamaCppOptions.OverrideTensor))
        {
            return null;
        }

        (string k, string v) = CacheTypes(start).Last();
        IReadOnlyList<PlanDevice> chosen = DeviceSets.Of(devices, start, facts)[^1];
        return Longest(Contexts(start, ShortestGpuContext), (context, _) =>
        {
            Placement all = start with { Devices = chosen, ContextLength = context, TypeK = k, TypeV = v };
            return _trial.Fewest(
                1,
                _model.LayerCount,
                moved => all with { CpuMoeLayers = moved },
                moved => $"the experts of the first {moved} of {_model.LayerCount} layers stay in main memory, since only {_model.Experts.UsedCount} of {_model.Experts.Count} work on each token");
        });
    }

    private PlacementChoice? LayersOnHost(IReadOnlyList<PlanDevice> devices, Placement start)
    {
        if (facts.Pinned(LlamaCppOptions.GpuLayers))
        {
            return null;
        }

        (string k, string v) = CacheTypes(start).Last();
        Placement all = start with
        {
            Devices = DeviceSets.Of(devices, start, facts)[^1],
            ContextLength = Contexts(start, ShortestGpuContext).Last(),
            TypeK = k,
            TypeV = v,
            CpuMoeLayers = _model.Experts is null || !LlamaCppCommandLine.CanRender(LlamaCppOptions.CpuMoeLayers, 1L, facts.Engine) || facts.Pinned(LlamaCppOptions.OverrideTensor) || facts.Pinned(LlamaCppOptions.CpuMoeLayers) ? start.CpuMoeLayers : _model.LayerCount,
        };
        return _trial.Fewest(
            1,
            _model.LayerCount,
            moved => all with { GpuLayers = _model.LayerCount + 1 - moved },
            moved => $"only {_model.LayerCount + 1 - moved} of {_model.LayerCount + 1} layers fit on the GPUs; the others run on the processor");
    }

    // The processor alone comes last, and only where nothing was asked of GPUs.
    private PlacementChoice? Instead(Placement start) =>
        facts.Pinned(LlamaCppOptions.GpuLayers) || facts.Pinned(LlamaCppOptions.TensorSplit) || facts.Pins.Devices is not null ? null : Processor(start, "not even one layer fits on the GPUs");

    private PlacementChoice? Processor(Placement start, string why)
    {
        bool isFixed = facts.Pinned(LlamaCppOptions.ContextLength);
        Placement alone = start with { Devices = [], GpuLayers = 0, CpuMoeLayers = 0, Shares = [], MainDevice = 0, Overrides = [] };
        long first = isFixed ? start.ContextLength : Math.Min(start.ContextLength, LlamaCppPlanner.LongestCpuContext * (start.Unified ? 1 : start.Slots));
        return Longest(Contexts(alone with { ContextLength = first }, ShortestContext), (context, notes) => _trial.Run(alone with { ContextLength = context }, why, notes));
    }

    // What the model was trained for, then every power of two below it; the first that fits is lengthened by what it leaves free.
    private IEnumerable<long> Contexts(Placement start, long shortest)
    {
        yield return start.ContextLength;
        if (facts.Pinned(LlamaCppOptions.ContextLength))
        {
            yield break;
        }

        long streams = start.Unified ? 1 : start.Slots;
        for (long context = (long)System.Numerics.BitOperations.RoundUpToPowerOf2((ulong)(start.ContextLength / streams)) / 2; context >= shortest; context /= 2)
        {
            yield return context * streams;
        }
    }

    private IEnumerable<(string K, string V)> CacheTypes(Placement start)
    {
        yield return (start.TypeK, start.TypeV);
        bool isPinned = facts.Pinned(LlamaCppOptions.KvCacheTypeK) || facts.Pinned(LlamaCppOptions.KvCacheTypeV);
        if (!isPinned && start.FlashAttention && facts.PinnedText(LlamaCppOptions.SplitMode) != "tensor" && _model.Attention.Count > 0 && _model.Attention.All(KvCacheTypes.TakesBlocks))
        {
            yield return ("q8_0", "q8_0");
        }
    }
}
