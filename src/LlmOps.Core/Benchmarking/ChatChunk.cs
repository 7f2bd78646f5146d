namespace LlmOps.Benchmarking;

/// <summary>What one streamed chunk says, as far as measuring needs it.</summary>
internal struct ChatChunk
{
    /// <summary>Whether the delta carries text, reasoning or a tool call; a role or an empty text is no output.</summary>
    public bool HasOutput;

    /// <summary>Whether a choice says why it ended.</summary>
    public bool HasFinishReason;

    /// <summary>Whether the chunk is an error.</summary>
    public bool IsError;

    /// <summary>Where the text of the delta stands in the chunk, without its quotes; 0 when it has none, -1 when it has several.</summary>
    public int ContentStart;

    /// <summary>How many bytes it has as written.</summary>
    public int ContentLength;

    /// <summary>The answer's id; null when it was not asked for or there is none.</summary>
    public string? Id;

    /// <summary>Token counts; null when the chunk has none.</summary>
    public TokenUsage? Usage;

    /// <summary>The server's own figures; null when the chunk has none.</summary>
    public ServerTimings? Timings;
}
