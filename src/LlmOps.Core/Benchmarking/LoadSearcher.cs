namespace LlmOps.Benchmarking;

/// <summary>Chooses which load to measure next: a pure function of what was measured.</summary>
/// <remarks>
/// Loads double until the throughput hardly grows (knee) or the objectives are missed, then the gap between the best load and the
/// next is halved, by ratio, until it is below a tenth.
/// </remarks>
/// <param name="search">What to find.</param>
/// <param name="first">The first load.</param>
/// <param name="limit">The highest load to try.</param>
/// <param name="isWhole">Whether loads are whole numbers.</param>
internal sealed class LoadSearcher(LoadSearch search, double first, double limit, bool isWhole)
{
    /// <summary>A doubling that gives less than this is past the knee: the rule of a tenth of the tokens for twice the load.</summary>
    private const double SmallGain = 1.1;

    private const double CloseEnough = 1.1;
    private const int MostPoints = 24;

    /// <summary>The next load; null when the search is over.</summary>
    public double? Next(IReadOnlyList<SearchedLoad> measured)
    {
        if (measured.Count == 0)
        {
            return Math.Min(first, limit);
        }

        if (measured.Count >= MostPoints)
        {
            return null;
        }

        SearchedLoad[] sorted = Sorted(measured);
        (double? low, double? high) = search == LoadSearch.Slo ? Bracket(sorted) : KneeBracket(sorted);
        double? next = (low, high) switch
        {
            (null, double above) => isWhole && above <= 1 ? null : above / 2,
            (double below, null) => 2 * below,
            (double below, double above) => Between(below, above),
            _ => null,
        };
        if (next is not double load)
        {
            return null;
        }

        load = Math.Min(isWhole ? Math.Max(1, Math.Round(load)) : load, limit);
        return Array.Exists(sorted, point => Math.Abs(point.Load - load) < 1e-9) || load < first / 1024 ? null : load;
    }

    /// <summary>The load that was searched for; null when none of the measured ones is it.</summary>
    public double? Found(IReadOnlyList<SearchedLoad> measured)
    {
        SearchedLoad[] sorted = Sorted(measured);
        return search == LoadSearch.Slo ? Bracket(sorted).Low : Knee(sorted);
    }

    private static SearchedLoad[] Sorted(IReadOnlyList<SearchedLoad> measured)
    {
        SearchedLoad[] sorted = [.. measured];
        Array.Sort(sorted, static (a, b) => a.Load.CompareTo(b.Load));
        return sorted;
    }

    /// <summary>The highest load below the first that misses the objectives, and that one.</summary>
    private static (double? Low, double? High) Bracket(SearchedLoad[] sorted)
    {
        double? low = null;
        foreach (SearchedLoad point in sorted)
        {
            if (!point.MeetsSlo)
            {
                return (low, point.Load);
            }

            low = point.Load;
        }

        return (low, null);
    }

    private static double? Knee(SearchedLoad[] sorted)
    {
        double best = 0;
        foreach (SearchedLoad point in sorted)
        {
            best = Math.Max(best, point.TokensPerSecond);
        }

        foreach (SearchedLoad point in sorted)
        {
            if (best > 0 && point.TokensPerSecond * SmallGain >= best)
            {
                return point.Load;
            }
        }

        return null;
    }

    private static (double? Low, double? High) KneeBracket(SearchedLoad[] sorted)
    {
        if (Knee(sorted) is not double knee)
        {
            return (null, null);
        }

        double? below = null;
        double highest = sorted[^1].Load;
        foreach (SearchedLoad point in sorted)
        {
            below = point.Load < knee ? point.Load : below;
        }

        // The knee is known only once a load of twice as much was measured to give hardly more.
        return highest < 2 * knee ? (highest, null) : (below ?? knee, knee);
    }

    private double? Between(double below, double above)
    {
        if (above / below <= CloseEnough || (isWhole && above - below <= 1))
        {
            return null;
        }

        double middle = Math.Sqrt(below * above);
        return isWhole ? Math.Clamp(Math.Round(middle), below + 1, above - 1) : middle;
    }
}
