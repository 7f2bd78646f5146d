using System.Text;
using LlmOps.Benchmarking;
using Xunit;

namespace LlmOps.Tests.Benchmarking;

public sealed class PlainEventTests
{
    [Theory]
    [InlineData("a\r\ndata: {}\n\n\r\n", "{}")]
    [InlineData("A\r\ndata: {}\n\n\r\n", "{}")]
    [InlineData("00a\r\ndata: {}\n\n\r\n", "{}")]
    [InlineData("b\r\ndata: {}\n\n\r\n", null)]                       // the chunk is longer than what is there
    [InlineData("9\r\ndata: {}\n\n\r\n", null)]                       // and shorter
    [InlineData("9\r\ndata: {}\n\r\n", null)]                         // the event has not ended
    [InlineData("b\r\ndata: {}\r\n\n\r\n", "{}\r")]                  // a line that ends in CRLF: no text ends so, and the caller knows none that does
    [InlineData("c\r\ndata: {}\r\n\r\n\r\n", null)]
    [InlineData("a;x\r\ndata: {}\n\n\r\n", null)]                     // an extension of the chunk
    [InlineData("9\r\ndata:{}\n\n\r\n", null)]
    [InlineData("6\r\n: hi\n\n\r\n", null)]
    [InlineData("a\r\ndata: {}\n\n\r\na\r\ndata: {}\n\n\r\n", null)]  // two of them
    [InlineData("0\r\n\r\n", null)]
    [InlineData("\r\n", null)]
    [InlineData("fffffffff\r\ndata: {}\n\n\r\n", null)]
    [InlineData("", null)]
    public void Only_one_chunk_with_one_event_of_one_line_is_plain(string bytes, string? data)
    {
        bool isPlain = PlainEvent.TryRead(Encoding.UTF8.GetBytes(bytes), out ReadOnlySpan<byte> found);
        Assert.Equal((data is not null, data ?? ""), (isPlain, Encoding.UTF8.GetString(found)));
    }
}
