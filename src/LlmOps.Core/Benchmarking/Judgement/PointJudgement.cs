namespace LlmOps.Benchmarking.Judgement;

/// <summary>How a load point compares with what the plan predicted, and why it may fall short.</summary>
public sealed record PointJudgement
{
    /// <summary>In one word.</summary>
    public PointVerdict Verdict { get; init; }

    /// <summary>The verdict in one sentence, with its figures.</summary>
    public string Summary { get; init; } = "";

    /// <summary>The plan's decode rate of one stream without speculation: the roofline times what engines reach of it; null when nothing was predicted.</summary>
    public double? PredictedDecodeTokensPerSecond { get; init; }

    /// <summary>What one stream without speculation could decode at the hardware's full theoretical bandwidth; null when that is not known.</summary>
    public double? RooflineDecodeTokensPerSecond { get; init; }

    /// <summary>Measured / roofline: the share of the hardware's bandwidth that one stream used. Above 1 with batching or speculation.</summary>
    public double? ShareOfRoofline { get; init; }

    /// <summary>Measured decode rate of all streams together that the server computes at once.</summary>
    public double? MeasuredDecodeTokensPerSecond { get; init; }

    /// <summary>Measured / predicted.</summary>
    public double? ShareOfPrediction { get; init; }

    /// <summary>What bounds the prediction.</summary>
    public string? LimitedBy { get; init; }

    /// <summary>Likely causes found in what was measured, the weightiest first.</summary>
    public IReadOnlyList<LikelyCause> Causes { get; init; } = [];
}

/// <summary>A likely cause of a figure.</summary>
/// <param name="Id">Stable id: <c>batch-of-one</c>.</param>
/// <param name="Cause">What was found, with its figures.</param>
/// <param name="Option">The option to try, by the engine's long flag name; null when it is not an option.</param>
/// <param name="Remedy">What to try, in one sentence.</param>
public sealed record LikelyCause(string Id, string Cause, string? Option, string Remedy);

/// <summary>How a load point compares with its prediction.</summary>
public enum PointVerdict
{
    /// <summary>There was no prediction.</summary>
    NotPredicted,

    /// <summary>Nothing that could be compared was measured.</summary>
    NotMeasured,

    /// <summary>Well below the prediction.</summary>
    Short,

    /// <summary>Within the prediction's error.</summary>
    AsPredicted,

    /// <summary>Above the prediction for one stream, by batching or speculation.</summary>
    Above,
}
