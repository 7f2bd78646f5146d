using System.Globalization;

namespace LlmOps.Benchmarking.Comparison;

/// <summary>Compares load points with those of a baseline: each difference with its noise.</summary>
/// <remarks>
/// With three runs or more of a load on both sides the runs are compared (Welch's t), which has the noise between starts in it. With fewer, the
/// requests of the runs are (block bootstrap), which has not: two starts of the same server may differ by more than it says.
/// </remarks>
public static class ThroughputComparer
{
    private static readonly (ComparedFigure Figure, string Name, bool MoreIsBetter, Func<ThroughputResult, double?> OfRun, Func<RequestFigures, (double Value, double Weight)?> OfRequest)[] s_figures =
    [
        (ComparedFigure.OutputTokensPerSecond, "output tokens/s", true, static run => run.OutputTokensPerSecond, static request => (request.OutputTokens, request.EndedSeconds - request.DueSeconds)),
        (ComparedFigure.Ttft, "TTFT", false, static run => Mean(run.TtftSeconds), static request => request.TtftSeconds is { } seconds ? (seconds, 1) : null),
        (ComparedFigure.Tpot, "TPOT", false, static run => Mean(run.TpotSeconds), static request => request.TpotSeconds is { } seconds ? (seconds, 1) : null),
        (ComparedFigure.E2e, "end-to-end", false, static run => Mean(run.E2eSeconds), static request => request.E2eSeconds is { } seconds ? (seconds, 1) : null),
    ];

    /// <summary>One difference for each figure of each load, in the order of the loads measured now; loads of one side only are listed as such.</summary>
    /// <param name="baseline">The load points to compare with; several of the same load are runs of it.</param>
    /// <param name="current">The load points measured now.</param>
    public static IReadOnlyList<ThroughputDifference> Compare(IReadOnlyList<ThroughputResult> baseline, IReadOnlyList<ThroughputResult> current)
    {
        ILookup<LoadKey, ThroughputResult> before = baseline.ToLookup(LoadKey.Of);
        ILookup<LoadKey, ThroughputResult> now = current.ToLookup(LoadKey.Of);
        List<ThroughputDifference> differences = [];
        foreach (LoadKey load in current.Concat(baseline).Select(LoadKey.Of).Distinct())
        {
            differences.AddRange(Compare(load, [.. before[load]], [.. now[load]]));
        }

        return differences;
    }

    private static IEnumerable<ThroughputDifference> Compare(LoadKey load, ThroughputResult[] before, ThroughputResult[] now)
    {
        if (before.Length == 0 || now.Length == 0)
        {
            string side = before.Length == 0 ? "the baseline" : "the new measurement";
            yield return new ThroughputDifference
            {
                Load = load.ToString(),
                ServerName = before.Concat(now).First().ServerName,
                Concurrency = load.Concurrency,
                Baseline = before.Length == 0 ? null : before.Average(run => run.OutputTokensPerSecond),
                Current = now.Length == 0 ? null : now.Average(run => run.OutputTokensPerSecond),
                Verdict = DifferenceVerdict.NoCounterpart,
                Summary = $"{load}: {side} has no such load",
            };
            yield break;
        }

        foreach ((ComparedFigure figure, string name, bool moreIsBetter, Func<ThroughputResult, double?> ofRun, Func<RequestFigures, (double Value, double Weight)?> ofRequest) in s_figures)
        {
            double[] runsBefore = [.. before.Select(ofRun).OfType<double>()];
            double[] runsNow = [.. now.Select(ofRun).OfType<double>()];
            (double Value, double Weight)[] requestsBefore = Requests(before, ofRequest);
            (double Value, double Weight)[] requestsNow = Requests(now, ofRequest);
            bool byRuns = Math.Min(runsBefore.Length, runsNow.Length) >= WelchInterval.FewestRuns;
            RelativeChange? change = byRuns
                ? WelchInterval.Compare(runsBefore, runsNow)
                : BlockBootstrap.Compare(requestsBefore, requestsNow, Math.Max(1, now[0].Concurrency));
            double? from = runsBefore.Length == 0 ? null : runsBefore.Average();
            double? to = runsNow.Length == 0 ? null : runsNow.Average();

            // Chunks of a very fast server may arrive together, and a TPOT is then 0 on either side: nothing to divide by, and no difference.
            if (from == 0 && to == 0)
            {
                change = new RelativeChange(0, 0, 0);
            }

            // The bootstrap gives the noise; the change itself is that of the figures shown.
            double? shown = from > 0 ? (to / from) - 1 : from == 0 && to == 0 ? 0 : null;
            double shift = shown - change?.Change ?? 0;
            RelativeChange? centred = change is { } raw && shown is { } value ? new RelativeChange(value, raw.Low + shift, raw.High + shift) : null;
            yield return new ThroughputDifference
            {
                Load = load.ToString(),
                ServerName = now[0].ServerName,
                Concurrency = load.Concurrency,
                Figure = figure,
                Baseline = from,
                Current = to,
                ChangePercent = 100 * shown,
                LowPercent = 100 * centred?.Low,
                HighPercent = 100 * centred?.High,
                Verdict = Judge(centred, moreIsBetter),
                Method = byRuns ? "Welch's t over runs" : "block bootstrap over requests",
                BaselineCount = byRuns ? runsBefore.Length : requestsBefore.Length,
                CurrentCount = byRuns ? runsNow.Length : requestsNow.Length,
                Summary = from is null && to is null ? $"{name}: neither side has a value, as when each answer came in one piece"
                    : from == 0 && to > 0 ? $"{name}: the baseline is 0, so there is no change to tell in percent"
                    : Summarize(name, centred, moreIsBetter),
            };
        }
    }

    private static (double Value, double Weight)[] Requests(ThroughputResult[] runs, Func<RequestFigures, (double Value, double Weight)?> figure) =>
        [.. runs.SelectMany(run => run.Samples.Where(request => request.Error is null).OrderBy(request => request.DueSeconds)).Select(figure).OfType<(double, double)>()];

    private static DifferenceVerdict Judge(RelativeChange? change, bool moreIsBetter) => change switch
    {
        null => DifferenceVerdict.TooFewValues,
        { IsVisible: false } => DifferenceVerdict.NoDifferenceVisible,
        { Low: > 0 } => moreIsBetter ? DifferenceVerdict.Better : DifferenceVerdict.Worse,
        _ => moreIsBetter ? DifferenceVerdict.Worse : DifferenceVerdict.Better,
    };

    private static string Summarize(string name, RelativeChange? change, bool moreIsBetter)
    {
        if (change is not { } known)
        {
            return Text($"{name}: too few requests to tell a difference from noise; measure at least {4 * BlockBootstrap.FewestBlocks}, or three runs");
        }

        string interval = Text($"{100 * known.Low:+0.0;-0.0} to {100 * known.High:+0.0;-0.0} %");
        return !known.IsVisible
            ? Text($"{name}: no difference visible ({100 * known.Change:+0.0;-0.0} %, 95 % interval {interval})")
            : Text($"{name}: {100 * known.Change:+0.0;-0.0} %, {(known.Low > 0 == moreIsBetter ? "better" : "worse")} (95 % interval {interval})");
    }

    private static double? Mean(LatencySummary summary) => summary.Count == 0 ? null : summary.Mean;

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
