using LlmOps.Benchmarking.Comparison;

namespace LlmOps.Benchmarking.Sweeps;

/// <summary>Ranks the points of a sweep, and says which of them noise does not tell apart from the best.</summary>
public static class SweepRanking
{
    /// <summary>The points, best first; those that gave nothing come last.</summary>
    /// <param name="points">The points in any order.</param>
    /// <param name="figure">What to rank by, at the highest load that was measured.</param>
    public static IReadOnlyList<SweepPoint> Rank(IEnumerable<SweepPoint> points, ComparedFigure figure)
    {
        SweepPoint[] all = [.. points];
        (SweepPoint Point, double Score)[] ranked = [.. all
            .Select(point => (Point: point, Score: Score(point, figure)))
            .Where(point => point.Score is not null)
            .Select(point => (point.Point, Score: point.Score!.Value))
            .OrderBy(point => figure == ComparedFigure.OutputTokensPerSecond ? -point.Score : point.Score)];
        SweepPoint[] failed = [.. all.Where(point => !ranked.Any(other => ReferenceEquals(other.Point, point)))];
        if (ranked.Length == 0)
        {
            return failed;
        }

        ThroughputResult best = Highest(ranked[0].Point)!;
        return [.. ranked.Select((point, at) => point.Point with
        {
            Place = at + 1,
            Score = point.Score,
            ChangePercent = 100 * ((point.Score / ranked[0].Score) - 1),
            IsTiedWithBest = at > 0 && IsTied(best, Highest(point.Point)!, figure),
        }), .. failed];
    }

    private static bool IsTied(ThroughputResult best, ThroughputResult other, ComparedFigure figure) =>
        ThroughputComparer.Compare([best], [other]).FirstOrDefault(difference => difference.Figure == figure)
            is { Verdict: DifferenceVerdict.NoDifferenceVisible or DifferenceVerdict.TooFewValues };

    private static double? Score(SweepPoint point, ComparedFigure figure)
    {
        if (Highest(point) is not { } result || result.Requests == result.Errors)
        {
            return null;
        }

        double value = figure switch
        {
            ComparedFigure.Ttft => result.TtftSeconds.Mean,
            ComparedFigure.Tpot => result.TpotSeconds.Mean,
            ComparedFigure.E2e => result.E2eSeconds.Mean,
            _ => result.OutputTokensPerSecond,
        };
        return value > 0 ? value : null;
    }

    private static ThroughputResult? Highest(SweepPoint point) => point.Results.MaxBy(result => result.RequestRate ?? result.Concurrency);
}
