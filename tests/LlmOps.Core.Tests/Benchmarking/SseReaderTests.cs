using System.Text;
using LlmOps.Benchmarking;
using Xunit;

namespace LlmOps.Tests.Benchmarking;

public sealed class SseReaderTests
{
    private const string Stream = ": ping\n\ndata: {\"a\":\"é€\"}\n\r\nevent: x\r\nid: 4\r\ndata: one\r\ndata:two\r\n\r\n:\n\nerror: {\"b\":1}\n\ndata: [DONE]\n\n";

    private static readonly string[] s_events = ["{\"a\":\"é€\"}", "one\ntwo", "error {\"b\":1}", "[DONE]"];

    [Fact]
    public void The_same_events_come_out_wherever_the_bytes_are_split()
    {
        byte[] bytes = Encoding.UTF8.GetBytes(Stream);
        for (int first = 0; first <= bytes.Length; first++)
        {
            for (int second = first; second <= bytes.Length; second++)
            {
                using SseReader reader = new();
                List<string> events = [];
                foreach (byte[] part in new[] { bytes[..first], bytes[first..second], bytes[second..] })
                {
                    reader.Append(part, timestamp: 0);
                    Drain(reader, events);
                }

                Assert.Equal(s_events, events);
                Assert.False(reader.SawForeignLine);
            }
        }
    }

    [Fact]
    public void One_byte_at_a_time_gives_the_same_events()
    {
        using SseReader reader = new();
        List<string> events = [];
        foreach (byte value in Encoding.UTF8.GetBytes(Stream))
        {
            reader.Append([value], timestamp: 0);
            Drain(reader, events);
        }

        Assert.Equal(s_events, events);
    }

    [Fact]
    public void An_event_carries_the_moment_at_which_its_last_bytes_arrived()
    {
        using SseReader reader = new();
        reader.Append("data: 1\n\ndata: 2\n"u8, timestamp: 100);
        Assert.True(reader.TryRead(out SseEvent first));
        Assert.Equal(100, first.Timestamp);
        Assert.False(reader.TryRead(out _));

        reader.Append("\ndata: 3\n\n"u8, timestamp: 250);
        Assert.True(reader.TryRead(out SseEvent second));
        Assert.Equal("2", Encoding.UTF8.GetString(second.Data));
        Assert.Equal(250, second.Timestamp);
        Assert.True(reader.TryRead(out SseEvent third));
        Assert.Equal(250, third.Timestamp);
    }

    [Fact]
    public void An_event_larger_than_the_buffer_comes_out_whole()
    {
        string large = new('x', 300_000);
        using SseReader reader = new();
        List<string> events = [];
        foreach (byte[] part in Encoding.UTF8.GetBytes($"data: a\n\ndata: {large}\n\ndata: b\n\n").Chunk(4000))
        {
            Memory<byte> memory = reader.GetMemory();
            part.CopyTo(memory);
            reader.Advance(part.Length, timestamp: 0);
            Drain(reader, events);
        }

        Assert.Equal(["a", large, "b"], events);
    }

    [Fact]
    public void An_endless_line_is_refused_instead_of_filling_the_memory()
    {
        using SseReader reader = new();
        byte[] part = new byte[1024 * 1024];
        Array.Fill(part, (byte)'x');
        Assert.Throws<InvalidDataException>(() =>
        {
            for (int count = 0; count <= 17; count++)
            {
                reader.Append(part, timestamp: 0);
                reader.TryRead(out _);
            }
        });
    }

    [Theory]
    [InlineData("data: [DONE]")]
    [InlineData("data: [DONE]\n")]
    [InlineData("data: [DONE]\r\n\r")]
    public void The_last_event_counts_without_its_blank_line(string text)
    {
        using SseReader reader = new();
        reader.Append(Encoding.UTF8.GetBytes(text), timestamp: 7);
        Assert.False(reader.TryRead(out _));
        Assert.True(reader.TryReadLast(out SseEvent last));
        Assert.True(last.IsDone);
    }

    [Fact]
    public void A_page_that_is_no_event_stream_is_noticed()
    {
        using SseReader reader = new();
        reader.Append("<html>\nnginx\n</html>\n"u8, timestamp: 0);
        Assert.False(reader.TryRead(out _));
        Assert.False(reader.TryReadLast(out _));
        Assert.True(reader.SawForeignLine);
    }

    private static void Drain(SseReader reader, List<string> events)
    {
        while (reader.TryRead(out SseEvent sseEvent))
        {
            events.Add((sseEvent.IsErrorField ? "error " : "") + Encoding.UTF8.GetString(sseEvent.Data));
        }
    }
}
