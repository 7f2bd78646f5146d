namespace LlmOps.Benchmarking;

/// <summary>What a search found a load point to be.</summary>
public enum LoadVerdict
{
    /// <summary>The knee: more load gave at most a tenth more tokens a second for each doubling.</summary>
    Knee,

    /// <summary>The highest load measured that met the objectives.</summary>
    HighestWithinSlo,
}
