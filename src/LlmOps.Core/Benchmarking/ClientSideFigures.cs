namespace LlmOps.Benchmarking;

/// <summary>What measuring cost the client, so that a slow client is not taken for a slow server.</summary>
public sealed record ClientSideFigures
{
    /// <summary>Processor seconds of this process / duration.</summary>
    public double CpuShare { get; init; }

    /// <summary>Chunks received.</summary>
    public long Chunks { get; init; }

    /// <summary>Those of them that arrived together with the one before in the same stream, in one segment: sent so by the server, or joined on the way or while the client was not run. No time lies between them, and their ITL is 0.</summary>
    public long JoinedChunks { get; init; }

    /// <summary>Answers of several tokens whose chunks all have one moment; they have neither TPOT nor decode rate.</summary>
    public int AnswersInOnePiece { get; init; }

    /// <summary>Processor microseconds of this process per generated token.</summary>
    public double CpuMicrosecondsPerToken { get; init; }

    /// <summary>How the bytes were received: <c>epoll</c> (own HTTP client, arrival times by the kernel) or <c>sockets-http-handler</c> (https, or not Linux).</summary>
    public string Transport { get; init; } = "";

    /// <summary>How late requests started against their schedule, 99th percentile.</summary>
    public double StartDelaySecondsP99 { get; init; }
}
