using System.Globalization;
using System.Text;

namespace LlmOps.Benchmarking.SelfCheck;

/// <summary>One answer of the <see cref="ScheduleServer"/>: its bytes, when each token is due and when it was sent. Moments are nanoseconds of the monotonic clock.</summary>
internal sealed class ScheduledStream
{
    private readonly long _receivedAt;
    private readonly long _firstDue;
    private readonly long _interval;
    private readonly long[] _sent;

    public ScheduledStream(string id, long receivedAt, long firstDue, long interval, int promptTokens, int maximumTokens)
    {
        (_receivedAt, _firstDue, _interval, PromptTokens, MaximumTokens) = (receivedAt, firstDue, interval, promptTokens, maximumTokens);
        _sent = new long[maximumTokens];
        Id = id;
        string start = $"data: {{\"id\":\"{id}\",\"object\":\"chat.completion.chunk\",\"created\":1760000000,\"model\":\"schedule\",\"choices\":[";
        Chunk = HttpChunk(start + "{\"index\":0,\"delta\":{\"content\":\" token\"},\"finish_reason\":null}]}\n\n");
        string usage = string.Create(CultureInfo.InvariantCulture, $"\"usage\":{{\"prompt_tokens\":{promptTokens},\"completion_tokens\":{maximumTokens},\"total_tokens\":{promptTokens + maximumTokens}}}");
        Tail = [.. HttpChunk(start + "{\"index\":0,\"delta\":{},\"finish_reason\":\"length\"}]}\n\n" + start + $"],{usage}}}\n\ndata: [DONE]\n\n"), .. "0\r\n\r\n"u8];
    }

    public static ReadOnlySpan<byte> Head => "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"u8;

    public string Id { get; }

    public int PromptTokens { get; }

    public int MaximumTokens { get; }

    /// <summary>Tokens sent.</summary>
    public int Count { get; private set; }

    public long NextDue => _firstDue + (Count * _interval);

    /// <summary>One token as it goes over the wire.</summary>
    public byte[] Chunk { get; }

    /// <summary>What follows the last token.</summary>
    public byte[] Tail { get; }

    public void Mark(long sentAt) => _sent[Count++] = sentAt;

    public string ToJson()
    {
        StringBuilder json = new();
        json.Append(CultureInfo.InvariantCulture, $"{{\"id\":\"{Id}\",\"receivedAt\":{_receivedAt},\"firstDue\":{_firstDue},\"interval\":{_interval},\"sent\":[");
        for (int index = 0; index < Count; index++)
        {
            json.Append(index == 0 ? "" : ",").Append(_sent[index]);
        }

        return json.Append("]}").ToString();
    }

    private static byte[] HttpChunk(string text) => Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{text.Length:x}\r\n{text}\r\n"));
}
