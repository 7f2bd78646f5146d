namespace LlmOps.Benchmarking.Transport;

/// <summary>Foresees from which chunk on an answer may end, because then the transport's thread looks often: the next request goes out when the end is seen.</summary>
/// <remarks>
/// A server need not send a chunk for each token, so an answer may end with some of them missing; how many is the server's habit. A sixteenth of the answer
/// until some answers have ended, then twice the largest share that was missing in any of them. Where that was too little once, the sixteenth stays.
/// </remarks>
internal sealed class EndForecast
{
    private const int MissingShare = 16;

    private const int AnswersToLearn = 16;

    private int _answers;
    private double _mostMissing;
    private bool _wasWrong;

    private bool HasLearned => _answers >= AnswersToLearn && !_wasWrong;

    /// <summary>From how many chunks on an answer may end.</summary>
    /// <param name="expected">Chunks that it should have: one for each token.</param>
    public int NearEnd(int expected)
    {
        int share = Math.Max(1, expected / MissingShare);
        return expected - (HasLearned ? Math.Min(share, 1 + (int)Math.Ceiling(2 * _mostMissing * expected)) : share);
    }

    /// <summary>An answer has ended.</summary>
    /// <param name="expected">Chunks that it should have had.</param>
    /// <param name="chunks">Chunks that it had.</param>
    /// <param name="wasForeseen">Whether it had as many as <see cref="NearEnd"/> said.</param>
    /// <returns>Whether ends can be foreseen: a surprise by what was learned only ends the learning.</returns>
    public bool Ended(int expected, int chunks, bool wasForeseen)
    {
        bool canForesee = wasForeseen || HasLearned;
        _wasWrong |= !wasForeseen && HasLearned;
        _answers++;
        _mostMissing = Math.Max(_mostMissing, expected > 0 ? (double)(expected - chunks) / expected : 0);
        return canForesee;
    }
}
