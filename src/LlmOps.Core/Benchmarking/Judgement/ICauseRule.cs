namespace LlmOps.Benchmarking.Judgement;

/// <summary>Knows one cause of poor figures and how it shows. A new one is a file in Rules and a word in <see cref="PointJudge"/>.</summary>
internal interface ICauseRule
{
    /// <summary>Whether it is told even of a point that is as fast as predicted, because it says that the figures themselves are wrong.</summary>
    public bool IsAboutFigures => false;

    /// <summary>Looks at a point.</summary>
    /// <returns>The cause, with the evidence; null when there is no sign of it.</returns>
    public LikelyCause? Look(JudgedPoint point);
}
