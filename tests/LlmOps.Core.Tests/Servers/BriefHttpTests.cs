using System.Net;
using System.Net.Sockets;
using System.Text;
using LlmOps.Configuration;
using LlmOps.Servers;

namespace LlmOps.Tests.Servers;

public sealed class BriefHttpTests : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public BriefHttpTests() => _listener.Start();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", true, 200, "ab")]
    [InlineData("HTTP/1.1 200 OK\r\ncontent-length:2\r\n\r\nabc", false, 200, "ab")]
    [InlineData("HTTP/1.0 503 Service Unavailable\r\n\r\n", true, 503, "")]
    [InlineData("HTTP/1.0 401\r\nServer: x\r\n\r\nno", true, 401, "no")]
    [InlineData("HTTP/1.0 200 OK\r\n\r\nab", false, null, null)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", true, null, null)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Le", true, null, null)]
    [InlineData("SSH-2.0-OpenSSH_9.9\r\n\r\n", true, null, null)]
    [InlineData("HTTP/1.1 \r\n\r\n", true, null, null)]
    [InlineData("", true, null, null)]
    public void An_answer_ends_with_its_length_or_with_the_connection(string bytes, bool isAll, int? status, string? body)
    {
        BriefHttp.Answer? answer = BriefHttp.Parse(Encoding.Latin1.GetBytes(bytes), isAll);

        Assert.Equal((status, body), (answer?.Status, answer is { } some ? Encoding.Latin1.GetString(some.Body.Span) : null));
    }

    [Fact]
    public async Task It_asks_with_the_key_as_its_file_has_it_and_takes_an_answer_in_pieces()
    {
        string keyFile = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(keyFile, "geheimes-Schlüsselchen\n", Stop);
            BriefHttp server = new(new ServerEndpoint { Host = "localhost", Port = Port, ApiKeyFile = keyFile }, TimeSpan.FromSeconds(20));
            Task<BriefHttp.Answer?> asking = Task.Run(() => server.Get("/props", Stop), Stop);
            using TcpClient client = await _listener.AcceptTcpClientAsync(Stop);
            byte[] request = new byte[4096];
            int length = await client.GetStream().ReadAsync(request, Stop);
            foreach (string piece in new[] { "HTTP/1.1 200 OK\r\nContent-Le", "ngth: 4\r\n\r\na", "bcd" })
            {
                await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(piece), Stop);
            }

            BriefHttp.Answer? answer = await asking;

            Assert.Equal($"GET /props HTTP/1.0\r\nHost: localhost:{Port}\r\nAuthorization: Bearer geheimes-Schlüsselchen\r\nConnection: close\r\n\r\n", Encoding.UTF8.GetString(request, 0, length));
            Assert.Equal("abcd", Encoding.Latin1.GetString(answer!.Value.Body.Span));
        }
        finally
        {
            File.Delete(keyFile);
        }
    }

    [Fact]
    public void A_server_that_takes_the_question_and_says_nothing_is_given_up() =>
        Assert.Null(new BriefHttp(new ServerEndpoint { Port = Port }, TimeSpan.FromMilliseconds(50)).Get("/health", Stop));

    [Fact]
    public async Task A_wait_can_be_cancelled()
    {
        using CancellationTokenSource giveUp = new();
        Task<BriefHttp.Answer?> asking = Task.Run(() => new BriefHttp(new ServerEndpoint { Port = Port }, TimeSpan.FromMinutes(5)).Get("/health", giveUp.Token), Stop);
        using TcpClient client = await _listener.AcceptTcpClientAsync(Stop);

        await giveUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
    }

    [Fact]
    public void Nobody_listening_is_no_answer()
    {
        int port = Port;
        _listener.Stop();

        Assert.Null(new BriefHttp(new ServerEndpoint { Port = port }, TimeSpan.FromSeconds(20)).Get("/health", Stop));
    }

    public void Dispose() => _listener.Dispose();
}
