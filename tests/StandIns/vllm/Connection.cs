using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace LlmOps.StandIns.Vllm;

/// <summary>One request.</summary>
/// <param name="Method">GET or POST.</param>
/// <param name="Path">Without its query.</param>
/// <param name="Headers">By their names in small letters.</param>
/// <param name="Body">The whole body.</param>
internal sealed record Request(string Method, string Path, IReadOnlyDictionary<string, string> Headers, byte[] Body);

/// <summary>A client's connection, HTTP/1.1 kept alive.</summary>
internal sealed class Connection(Socket socket)
{
    private byte[] _buffer = new byte[16 * 1024];
    private int _length;

    /// <summary>Whether the client has been told that more is to come.</summary>
    public bool IsStreaming { get; private set; }

    /// <summary>The next request; null when the client has closed.</summary>
    public async Task<Request?> ReadAsync()
    {
        while (true)
        {
            int head = _buffer.AsSpan(0, _length).IndexOf("\r\n\r\n"u8);
            if (head >= 0)
            {
                string[] lines = Encoding.Latin1.GetString(_buffer, 0, head).Split("\r\n");
                Dictionary<string, string> headers = new(StringComparer.Ordinal);
                foreach (string line in lines.Skip(1))
                {
                    int colon = line.IndexOf(':', StringComparison.Ordinal);
                    headers[line[..colon].ToLowerInvariant()] = line[(colon + 1)..].Trim();
                }

                int length = headers.TryGetValue("content-length", out string? said) ? int.Parse(said, CultureInfo.InvariantCulture) : 0;
                if (_length >= head + 4 + length)
                {
                    byte[] body = _buffer.AsSpan(head + 4, length).ToArray();
                    _length -= head + 4 + length;
                    _buffer.AsSpan(head + 4 + length, _length).CopyTo(_buffer);
                    string[] first = lines[0].Split(' ');
                    return new Request(first[0], first[1].Split('?')[0], headers, body);
                }
            }

            if (_length == _buffer.Length)
            {
                Array.Resize(ref _buffer, _length * 2);
            }

            int read = await socket.ReceiveAsync(_buffer.AsMemory(_length));
            if (read == 0)
            {
                return null;
            }

            _length += read;
        }
    }

    /// <summary>Answers at once.</summary>
    public async Task AnswerAsync(int status, string body, string type = "application/json")
    {
        byte[] content = Encoding.UTF8.GetBytes(body);
        string head = string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 {status} {Reason(status)}\r\nserver: uvicorn\r\ncontent-length: {content.Length}\r\ncontent-type: {type}\r\n\r\n");
        await socket.SendAsync((byte[])[.. Encoding.Latin1.GetBytes(head), .. content]);
    }

    /// <summary>Begins a stream of events.</summary>
    public async Task BeginStreamAsync()
    {
        IsStreaming = true;
        await socket.SendAsync("HTTP/1.1 200 OK\r\nserver: uvicorn\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n"u8.ToArray());
    }

    /// <summary>Sends an event.</summary>
    public async Task SendAsync(string json)
    {
        byte[] content = Encoding.UTF8.GetBytes($"data: {json}\n\n");
        await socket.SendAsync((byte[])[.. Encoding.Latin1.GetBytes(content.Length.ToString("x", CultureInfo.InvariantCulture)), .. "\r\n"u8, .. content, .. "\r\n"u8]);
    }

    /// <summary>Ends the stream.</summary>
    public async Task EndStreamAsync()
    {
        IsStreaming = false;
        await socket.SendAsync("0\r\n\r\n"u8.ToArray());
    }

    private static string Reason(int status) => status switch { 200 => "OK", 400 => "Bad Request", 401 => "Unauthorized", 404 => "Not Found", 503 => "Service Unavailable", _ => "Error" };
}
