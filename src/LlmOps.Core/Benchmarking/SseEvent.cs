namespace LlmOps.Benchmarking;

/// <summary>One server-sent event.</summary>
/// <param name="data">Valid until the reader's next <see cref="SseReader.GetMemory"/>.</param>
/// <param name="isErrorField">Whether it came in an <c>error:</c> field, as llama-server did up to b6321.</param>
/// <param name="timestamp">When the bytes that completed the event arrived, in <see cref="System.Diagnostics.Stopwatch"/> ticks.</param>
internal readonly ref struct SseEvent(ReadOnlySpan<byte> data, bool isErrorField, long timestamp)
{
    public ReadOnlySpan<byte> Data { get; } = data;

    public bool IsErrorField { get; } = isErrorField;

    public long Timestamp { get; } = timestamp;

    public bool IsDone => Data.SequenceEqual("[DONE]"u8);
}
