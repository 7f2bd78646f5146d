namespace LlmOps.Benchmarking;

/// <summary>Folds the server's own timings over requests.</summary>
internal sealed class TimingsFold
{
    private int _count;
    private long _promptTokens;
    private long _outputTokens;
    private double _promptRates;
    private double _outputRates;
    private int _outputRateCount;
    private long? _draftTokens;
    private long? _draftTokensAccepted;

    public void Add(ServerTimings? timings)
    {
        if (timings is not ServerTimings value)
        {
            return;
        }

        _count++;
        _promptTokens += value.PromptTokens;
        _outputTokens += value.OutputTokens;
        _promptRates += value.PromptTokensPerSecond;
        _outputRates += value.DecodeTokensPerSecond;
        _outputRateCount += value.DecodeTokensPerSecond > 0 ? 1 : 0;
        _draftTokens = Sum(_draftTokens, value.DraftTokens);
        _draftTokensAccepted = Sum(_draftTokensAccepted, value.DraftTokensAccepted);
    }

    public ServerSideFigures ToFigures() => _count == 0
        ? new ServerSideFigures()
        : new ServerSideFigures
        {
            PromptTokensPerSecond = _promptRates / _count,
            DecodeTokensPerSecond = _outputRateCount == 0 ? null : _outputRates / _outputRateCount,
            PromptTokens = _promptTokens,
            OutputTokens = _outputTokens,
            DraftTokens = _draftTokens,
            DraftTokensAccepted = _draftTokensAccepted,
        };

    private static long? Sum(long? total, long? value) => value is null ? total : (total ?? 0) + value;
}
