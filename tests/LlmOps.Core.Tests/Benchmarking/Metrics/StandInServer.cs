using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace LlmOps.Core.Tests.Benchmarking.Metrics;

/// <summary>A server on loopback whose pages a test decides; what it does not know it answers with 404.</summary>
internal sealed class StandInServer : LoopbackServer
{
    /// <summary>The answer to each path, made anew at each request.</summary>
    public ConcurrentDictionary<string, Func<(int Status, string Body)>> Pages { get; } = new();

    public ConcurrentQueue<string> Asked { get; } = [];

    protected override async Task AnswerAsync(NetworkStream stream, CancellationToken stop)
    {
        using StreamReader reader = new(stream, Encoding.ASCII);
        while (await reader.ReadLineAsync(stop) is { } request)
        {
            while (!string.IsNullOrEmpty(await reader.ReadLineAsync(stop)))
            {
                // Headers say nothing that these pages depend on.
            }

            string path = request.Split(' ')[1];
            Asked.Enqueue(path);
            (int status, string body) = Pages.TryGetValue(path, out Func<(int, string)>? page) ? page() : (404, "{}");
            string answer = string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 {status} X\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}");
            await stream.WriteAsync(Encoding.UTF8.GetBytes(answer), stop);
        }
    }
}
