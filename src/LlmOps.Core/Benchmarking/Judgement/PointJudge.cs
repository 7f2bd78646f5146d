using LlmOps.Benchmarking.Judgement.Rules;
using LlmOps.Benchmarking.Observation;

namespace LlmOps.Benchmarking.Judgement;

/// <summary>Compares load points with the plan's prediction and looks for causes.</summary>
/// <param name="machine">What is known of the server and its machine.</param>
internal sealed class PointJudge(ObservationOptions machine)
{
    /// <summary>Predictions are off by 11 % in the median and 20 % on average (docs/planning.md); less than this has a cause.</summary>
    private const double LeastShare = 0.7;

    /// <summary>More than the prediction and its error.</summary>
    private const double MostShare = 1.3;

    /// <summary>The weightiest first.</summary>
    private static readonly ICauseRule[] s_rules =
    [
        new ClientBottleneck(), new PromptCacheHelped(), new OffloadMissing(), new GpuNotUsed(), new BatchOfOne(), new SpeculationOff(), new DraftsRejected(),
        new Throttling(), new CacheOverflow(), new ProcessorContention(), new PcieBoundSplit(), new PromptCacheIdle(), new ContextTooLong(),
    ];

    /// <summary>Judges one point.</summary>
    public PointJudgement Judge(ThroughputResult result)
    {
        JudgedPoint point = new(result, machine);
        double? predicted = machine.Config?.Prediction?.DecodeTokensPerSecond;
        double? measured = point.DecodeRate * point.Streams;
        double? share = predicted is > 0 ? measured / predicted : null;
        PointVerdict verdict = measured is null ? PointVerdict.NotMeasured : share switch
        {
            null => PointVerdict.NotPredicted,
            < LeastShare => PointVerdict.Short,
            > MostShare => PointVerdict.Above,
            _ => PointVerdict.AsPredicted,
        };
        double? roofline = machine.Config?.Prediction?.RooflineDecodeTokensPerSecond;
        string? limitedBy = machine.Config?.Prediction?.LimitedBy;
        return new PointJudgement
        {
            Verdict = verdict,
            Summary = Summarize(verdict, measured, predicted, share, roofline, point.Streams, limitedBy),
            PredictedDecodeTokensPerSecond = predicted,
            MeasuredDecodeTokensPerSecond = measured,
            ShareOfPrediction = share,
            RooflineDecodeTokensPerSecond = roofline,
            ShareOfRoofline = roofline is > 0 ? measured / roofline : null,
            LimitedBy = limitedBy,
            Causes = [.. s_rules
                .Where(rule => rule.IsAboutFigures || verdict is PointVerdict.Short or PointVerdict.NotPredicted)
                .Select(rule => rule.Look(point))
                .OfType<LikelyCause>()],
        };
    }

    private static string Summarize(PointVerdict verdict, double? measured, double? predicted, double? share, double? roofline, int streams, string? limitedBy)
    {
        string together = streams > 1 ? CauseText.Of($" with {streams} streams together") : "";
        string roof = roofline is > 0 ? CauseText.Of($"; the hardware's roofline is {roofline:0.0}") : "";
        return verdict switch
        {
            PointVerdict.NotMeasured => "no request gave more than one token at a time, so there is no decode rate to compare",
            PointVerdict.NotPredicted => CauseText.Of($"{measured:0.0} tok/s decoded{together}; nothing was predicted{(limitedBy is null ? "" : $", for want of {limitedBy}")}"),
            PointVerdict.Above => CauseText.Of($"{measured:0.0} tok/s decoded{together}, more than the {predicted:0.0} predicted for one stream without speculation{roof}"),
            _ => CauseText.Of($"{measured:0.0} tok/s decoded{together}, {share:P0} of the {predicted:0.0} predicted for one stream, which {limitedBy} bounds{roof}"),
        };
    }
}
