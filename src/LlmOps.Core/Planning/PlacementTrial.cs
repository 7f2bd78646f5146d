using LlmOps.Models;

namespace LlmOps.Planning;

/// <summary>Tries single placements: shares out the layers, asks for the bytes, and remembers what did not fit and by how much.</summary>
/// <param name="estimator">Knows the bytes of a placement.</param>
internal sealed class PlacementTrial(PlacementEstimator estimator)
{
    // A new way to share out layers changes the scratch memory a little, which may change the best way once more.
    private const int SplitAttempts = 3;

    // Other ways to share out layers move a few percent of scratch memory; no more.
    private const double HopelessFill = 1.03;

    // Cache types and ways to share out layers change the rest.
    private const double SurelyShared = 0.85;

    private readonly ModelDescription _model = estimator.Model;
    private readonly List<string> _rejected = [];
    private (Placement Placement, string Why, long Missing)? _nearest;

    // What was seen last on a set of devices: a first guess of the scratch memory of the next placement there.
    private (Placement Placement, MemoryPlan Memory)? _last;

    /// <summary>What did not fit: the first and the last attempts tell the story, many steps between them do not.</summary>
    public IReadOnlyList<string> Rejected => _rejected.Count <= 4 ? _rejected : [.. _rejected.Take(2), .. _rejected.TakeLast(2)];

    /// <summary>The placement that lacked least.</summary>
    public PlacementChoice Nearest()
    {
        (Placement placement, string why, _) = _nearest!.Value;
        MemoryPlan memory = estimator.Estimate(placement);
        return new PlacementChoice(placement, memory, estimator.Shortages(memory, placement.Devices).Count == 0, why, Rejected);
    }

    /// <summary>The candidate with its layers shared out, when it fits; else null.</summary>
    /// <param name="candidate">The placement; one without shares gets them here.</param>
    /// <param name="why">What is said of it.</param>
    /// <param name="notes">Whether a failure is remembered.</param>
    /// <param name="scratch">Scratch memory that each device needs at least; null when that is not known.</param>
    public PlacementChoice? Run(Placement candidate, string why, bool notes = true, IReadOnlyList<long>? scratch = null)
    {
        // A quantised V cache makes flash attention a must: then the engine is told, and decides nothing.
        Placement placement = candidate with { FlashAttentionIsAutomatic = candidate.FlashAttentionIsAutomatic && !KvCacheTypes.IsQuantised(candidate.TypeV) };
        LayerCosts costs = LayerCosts.Of(_model, placement);
        long[] room = Room(placement, scratch ?? LeastScratch(placement));
        bool splits = placement.Devices.Count > 1 && candidate.Shares.Count == 0;
        if (splits)
        {
            (int[] first, double full) = placement.SplitsNothing ? (OnlyMain(placement, costs), 0) : LayerSplit.Balance(costs, room);
            placement = placement with { Shares = Shares(placement, first) };
            if (full > 1 || costs.HostBytes > estimator.HostRoom)
            {
                return Reject(placement, why, Excess(costs, room, placement), notes);
            }

            if (!placement.SplitsNothing && scratch is null && _last is { } last && last.Placement.Devices.SequenceEqual(placement.Devices)
                && LayerSplit.Balance(costs, Room(placement, Scratch(last.Memory))) is { Fill: <= 1 } guess)
            {
                placement = placement with { Shares = Shares(placement, guess.Counts) };
            }
        }
        else if (Excess(costs, room, placement) is (_, > 0) excess && candidate.Shares.Count == 0)
        {
            return Reject(placement, why, excess, notes);
        }

        (string Where, long Missing) worst = default;
        for (int attempt = 0; attempt < (scratch is null ? SplitAttempts : 1); attempt++)
        {
            MemoryPlan memory = estimator.Estimate(placement);
            _last = (placement, memory);
            if (estimator.Shortage(memory, placement.Devices) is not { } shortage)
            {
                return new PlacementChoice(placement, memory, Fits: true, why, []);
            }

            worst = shortage;
            if (!splits || placement.SplitsNothing)
            {
                break;
            }

            (int[] counts, double fill) = LayerSplit.Balance(costs, Room(placement, Scratch(memory)));
            IReadOnlyList<double> shares = Shares(placement, counts);
            if (fill > HopelessFill || shares.SequenceEqual(placement.Shares) || shares.Sum() < placement.GpuLayers)
            {
                break;
            }

            placement = placement with { Shares = shares };
        }

        return Reject(placement, why, worst, notes);
    }

    /// <summary>The smallest number from <paramref name="least"/> to <paramref name="most"/> whose placement fits; null when none does.</summary>
    public PlacementChoice? Fewest(int least, int most, Func<int, Placement> placementOf, Func<int, string> whyOf)
    {
        if (!MayFit(placementOf(most)))
        {
            Run(placementOf(most), whyOf(most));
            return null;
        }

        int low = least;
        int high = most;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (MayFit(placementOf(middle)))
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        // Scratch memory comes on top of what was looked at so far: usually a step or two more.
        for (int step = 1; ; step *= 2)
        {
            if (Run(placementOf(low), whyOf(low)) is { } found)
            {
                return Smaller(found, low - (step / 2) + 1, low, placementOf, whyOf);
            }

            if (low == most)
            {
                return null;
            }

            low = Math.Min(most, low + step);
        }
    }

    private PlacementChoice Smaller(PlacementChoice found, int low, int high, Func<int, Placement> placementOf, Func<int, string> whyOf)
    {
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (Run(placementOf(middle), whyOf(middle), notes: false) is { } better)
            {
                (found, high) = (better, middle);
            }
            else
            {
                low = middle + 1;
            }
        }

        return found;
    }

    private bool MayFit(Placement placement)
    {
        LayerCosts costs = LayerCosts.Of(_model, placement);
        return !(costs.HostBytes > estimator.HostRoom) && (placement.Devices.Count == 0 || placement.Shares.Count > 0 || LayerSplit.Fits(costs, Room(placement, null)));
    }

    private PlacementChoice? Reject(Placement placement, string why, (string Where, long Missing) worst, bool notes)
    {
        if (notes)
        {
            string where = placement.Devices.FirstOrDefault(device => device.Name == worst.Where) is { } device ? Label(device) : worst.Where;
            _rejected.Add($"{Describe(placement)}: {(worst.Missing > 0 ? $"{where} lacks {Bytes.Format(worst.Missing)}" : "the layers cannot be shared out so that all fit")}");
        }

        if (_nearest is not { } nearest || worst.Missing < nearest.Missing)
        {
            _nearest = (placement, why, worst.Missing);
        }

        return null;
    }

    // Without scratch memory: at least so much is missing.
    private (string Where, long Missing) Excess(LayerCosts costs, long[] room, Placement placement)
    {
        long onDevices = costs.Device.Sum() - room.Sum();
        long onHost = costs.HostBytes - estimator.HostRoom ?? 0;
        if (placement.Devices.Count == 0 || onHost > onDevices)
        {
            return ("main memory", Math.Max(0, onHost));
        }

        return (placement.Devices.Count == 1 ? placement.Devices[0].Name : "each way to share it out", Math.Max(0, onDevices));
    }

    // Scratch memory has a part that does not depend on the context and one in proportion to it, so it shrinks less than the context does.
    private long[]? LeastScratch(Placement placement)
    {
        if (placement.Devices.Count < 2 || _last is not { } last || last.Placement.GpuLayers != placement.GpuLayers || last.Placement.CpuMoeLayers != placement.CpuMoeLayers
            || last.Placement.UbatchSize != placement.UbatchSize || last.Placement.Slots != placement.Slots || !last.Placement.Devices.SequenceEqual(placement.Devices))
        {
            return null;
        }

        double share = SurelyShared * Math.Min(1.0, (double)placement.ContextLength / last.Placement.ContextLength);
        return [.. last.Memory.Devices.Select(device => (long)(device.ComputeBytes * share))];
    }

    private static long[] Room(Placement placement, IReadOnlyList<long>? scratch) =>
        [.. placement.Devices.Select((device, at) => Math.Max(0, device.FreeBytes - device.OverheadBytes - (scratch?[at] ?? 0)))];

    private static long[] Scratch(MemoryPlan memory) => [.. memory.Devices.Select(device => device.ComputeBytes)];

    private static int[] OnlyMain(Placement placement, LayerCosts costs)
    {
        int[] counts = new int[placement.Devices.Count];
        counts[Math.Min(placement.MainDevice, counts.Length - 1)] = costs.Device.Length - costs.First;
        return counts;
    }

    // Whole numbers of layers as shares: the engine divides them by the same sum and finds the same borders.
    private static IReadOnlyList<double> Shares(Placement placement, int[] counts) =>
        placement.GpuLayers == 0 || counts.Sum() == 0 ? [] : [.. counts.Select(count => (double)count)];

    // The engine's names depend on which GPUs it is given in the end.
    private static string Label(PlanDevice device) => $"GPU {device.Gpu.Index} ({device.Gpu.Name})";

    private string Describe(Placement placement) =>
        placement.Devices.Count == 0 ? $"the processor alone with {placement.ContextLength} tokens of context"
        : $"{placement.GpuLayers} of {_model.LayerCount + 1} layers on {string.Join(" and ", placement.Devices.Select(Label))} with {placement.ContextLength} tokens of {placement.TypeK}"
            + (placement.CpuMoeLayers > 0 ? $" and the experts of {placement.CpuMoeLayers} layers on the host" : string.Empty)
            + (placement.Unified ? string.Empty : $" over {placement.Slots} slots");
}
