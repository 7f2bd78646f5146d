using System.Net;
using System.Net.Sockets;
using System.Text;
using LlmOps.Benchmarking;
using LlmOps.Native.Libc;
using LlmOps.Tests.Benchmarking;
using Xunit;

namespace LlmOps.Core.Tests.Benchmarking.Transport;

/// <summary>With many streams every second chunk is read but left in its socket's queue for a while.</summary>
public sealed class DeferredAcknowledgementTests
{
    private const string Token = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\" é\"}}]}\n\n";

    [Fact]
    public void What_is_left_in_the_queue_is_read_again_with_what_came_after_it()
    {
        Assert.SkipUnless(LibcEpoll.IsSupported, "reads of this kind need Linux");
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        using Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        client.Connect(listener.LocalEndpoint);
        Assert.True(LibcReceive.EnableTimestamps(client));
        using Socket server = listener.AcceptSocket();
        byte[] buffer = new byte[64];

        // The first socket that asks for times has them a moment later (net/core/dev.c, net_enable_timestamp).
        long time = 0;
        while (time == 0)
        {
            server.Send("before"u8);
            client.Poll(-1, SelectMode.SelectRead);
            Assert.Equal(6, LibcReceive.Receive((int)client.Handle, buffer, leave: false, out time));
        }

        server.Send("first"u8);
        client.Poll(-1, SelectMode.SelectRead);
        Assert.Equal(5, LibcReceive.Receive((int)client.Handle, buffer, leave: true, out long first));
        Assert.Equal(5, LibcReceive.Receive((int)client.Handle, buffer, leave: true, out long again));
        Assert.Equal(first, again);

        server.Send("second"u8);
        while (client.Available < 11)
        {
            Thread.Yield();
        }

        Assert.Equal(11, LibcReceive.Receive((int)client.Handle, buffer, leave: false, out long second));
        Assert.Equal("firstsecond", Encoding.ASCII.GetString(buffer, 0, 11));
        Assert.True(second > first, $"the time is that of what came last: {second}, not {first}");
        Assert.Equal(-LibcError.TryAgain, LibcReceive.Receive((int)client.Handle, buffer, leave: true, out _));
    }

    [Theory]
    [InlineData(60, "ends where it was foreseen")]
    [InlineData(61, "ends before, so that its end may be left in the queue too")]
    public async Task Each_chunk_counts_once_and_the_connection_serves_the_next_request(int asked, string answer)
    {
        const int Streams = 32;
        const int Tokens = 60;
        await using FakeChatServer server = new()
        {
            // Apart from each other, as a server's are: after a thousand of them the client begins to leave chunks in its sockets.
            Chat = static async (stream, body, stop) =>
            {
                int tokens = Math.Min(Tokens, body.GetProperty("max_tokens").GetInt32());
                await FakeChatServer.WriteAsync(stream, FakeChatServer.OkHead);
                for (int token = 0; token < tokens; token++)
                {
                    await FakeChatServer.WriteAsync(stream, FakeChatServer.ChunkedPart(Token));
                    await Task.Delay(2, stop);
                }

                await FakeChatServer.WriteAsync(stream, FakeChatServer.ChunkedPart("data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n") + "0\r\n\r\n");
            },
        };
        MeasurementOptions options = new() { Endpoint = server.Endpoint, ServerName = answer, PromptTokens = 40, OutputTokens = asked, Concurrency = [Streams], Requests = 3 * Streams, Warmup = 0 };
        List<ThroughputResult> results = [];
        await foreach (ThroughputResult measured in new ThroughputMeasurement(options).RunAsync(null, TestContext.Current.CancellationToken))
        {
            results.Add(measured);
        }

        ThroughputResult result = Assert.Single(results);
        Assert.Equal((3 * Streams, 0), (result.Requests, result.Errors));
        Assert.All(result.Samples, sample => Assert.Equal(Tokens, sample.OutputTokens));
        Assert.InRange(server.ConnectionCount, Streams, Streams + 2);
    }
}
