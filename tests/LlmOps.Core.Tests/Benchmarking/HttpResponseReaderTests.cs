using System.Text;
using LlmOps.Benchmarking;
using Xunit;

namespace LlmOps.Tests.Benchmarking;

public sealed class HttpResponseReaderTests
{
    private const string Chunked = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\nX: y\r\n\r\n3\r\nabc\r\nA;ext=1\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n";

    [Theory]
    [InlineData(Chunked, 200, "abc0123456789", true)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", true)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello", 200, "hello", false)]
    [InlineData("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", false)]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\n", 204, "", true)]
    [InlineData("HTTP/1.1 500 \r\nContent-Length: 0\r\n\r\n", 500, "", true)]
    public void A_response_is_the_same_however_it_is_cut(string text, int status, string body, bool keeps)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(text);
        foreach (int size in new[] { 1, 2, 3, 7, 64, bytes.Length })
        {
            Body received = new();
            HttpResponseReader reader = new(received);
            for (int at = 0; at < bytes.Length; at += size)
            {
                Assert.False(reader.IsComplete);
                reader.Accept(bytes.AsSpan(at, Math.Min(size, bytes.Length - at)));
            }

            Assert.Equal((true, status, body, keeps), (reader.IsComplete, reader.Status, received.Text, reader.KeepsConnection));
        }
    }

    [Fact]
    public void Without_a_length_the_end_of_the_connection_is_the_end()
    {
        Body body = new();
        HttpResponseReader reader = new(body);
        reader.Accept("HTTP/1.1 200 OK\r\n\r\nuntil the end"u8);
        Assert.False(reader.IsComplete);
        Assert.True(reader.AcceptEnd());
        Assert.Equal(("until the end", false), (body.Text, reader.KeepsConnection));
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")]
    [InlineData("HTTP/1.1 200")]
    [InlineData("")]
    public void An_end_before_the_end_is_noticed(string text)
    {
        HttpResponseReader reader = new(new Body());
        reader.Accept(Encoding.Latin1.GetBytes(text));
        Assert.False(reader.AcceptEnd());
        Assert.Equal(text.Length == 0, reader.IsUntouched);
    }

    [Theory]
    [InlineData("SSH-2.0-OpenSSH\r\n")]
    [InlineData("HTTP/2 200 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nno colon\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFF\r\n")]
    public void What_is_not_HTTP_is_an_invalid_response(string text) =>
        Assert.Equal(HttpRequestError.InvalidResponse, Assert.Throws<HttpRequestException>(() => new HttpResponseReader(new Body()).Accept(Encoding.Latin1.GetBytes(text))).HttpRequestError);

    [Fact]
    public void A_head_without_end_is_refused_before_it_fills_the_memory() =>
        Assert.Throws<HttpRequestException>(() => new HttpResponseReader(new Body()).Accept(Encoding.Latin1.GetBytes("HTTP/1.1 200 OK\r\nX: " + new string('x', 100_000))));

    [Fact]
    public void Any_flipped_byte_gives_a_response_or_an_invalid_one()
    {
        byte[] good = Encoding.Latin1.GetBytes(Chunked);
        for (int at = 0; at < good.Length; at++)
        {
            for (int bit = 0; bit < 8; bit++)
            {
                byte[] bytes = [.. good];
                bytes[at] ^= (byte)(1 << bit);
                try
                {
                    HttpResponseReader reader = new(new Body());
                    reader.Accept(bytes);
                    reader.AcceptEnd();
                }
                catch (HttpRequestException problem)
                {
                    Assert.Equal(HttpRequestError.InvalidResponse, problem.HttpRequestError);
                }
            }
        }
    }

    [Fact]
    public void When_to_come_again_is_kept()
    {
        HttpResponseReader reader = new(new Body());
        reader.Accept("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n"u8);
        Assert.Equal("60", reader.RetryAfter);
    }

    private sealed class Body : IBodyReceiver
    {
        private readonly List<byte> _bytes = [];

        public string Text => Encoding.Latin1.GetString([.. _bytes]);

        public void AcceptBody(ReadOnlySpan<byte> bytes) => _bytes.AddRange(bytes);
    }
}
