using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;
using LlmOps.Configuration;
using LlmOps.Logs;
using LlmOps.Native.Libc;

namespace LlmOps.Servers;

/// <summary>Short questions to a server of this machine, one connection each, over a bare socket.</summary>
/// <remarks>
/// The first request of .NET's HTTP client takes a new process a tenth of a second, and the first connection of its sockets some tens of
/// milliseconds, which every start would take longer. Asked in HTTP/1.0:
/// an answer is then neither chunked nor kept open (RFC 9112, 7.1 and 9.3), and its body ends with its length or with the connection.
/// </remarks>
/// <param name="endpoint">The server.</param>
/// <param name="limit">How long a question may take with its answer.</param>
internal sealed class BriefHttp(ServerEndpoint endpoint, TimeSpan limit)
{
    /// <summary>An answer longer than this is none of those asked for here.</summary>
    private const int LongestAnswer = 16 << 20;

    private readonly string? _key = SecretMask.ReadKeys(endpoint.ApiKeyFile) is [string key, ..] ? key : null;

    /// <summary>What a server answered.</summary>
    /// <param name="Status">The status code.</param>
    /// <param name="Body">The body.</param>
    public readonly record struct Answer(int Status, ReadOnlyMemory<byte> Body);

    /// <summary>Asks for <paramref name="path"/> and waits for the whole answer.</summary>
    /// <returns>Null when the server cannot be reached, takes too long, or answers something that is not HTTP.</returns>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public Answer? Get(string path, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return LibcAddress.IsUsable && IsLiteral ? GetDirectly(path, cancellationToken) : GetBySocket(path, cancellationToken);
    }

    private bool IsLiteral => LibcAddress.Write(endpoint.CallableHost, endpoint.Port, stackalloc byte[LibcAddress.MaxLength]).Length > 0;

    private Answer? GetDirectly(string path, CancellationToken cancellationToken)
    {
        using LibcStream? stream = LibcStream.Connect(endpoint.CallableHost, endpoint.Port, limit);
        if (stream is null)
        {
            return null;
        }

        using CancellationTokenRegistration interrupting = cancellationToken.UnsafeRegister(static stream => ((LibcStream)stream!).Interrupt(), stream);
        Answer? answer = stream.Send(Request(path)) ? Read(stream.Receive) : null;
        cancellationToken.ThrowIfCancellationRequested();
        return answer;
    }

    // Not inlined, so that a server with an address in figures loads none of it.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private Answer? GetBySocket(string path, CancellationToken cancellationToken)
    {
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        over.CancelAfter(limit);
        using Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        using CancellationTokenRegistration closing = over.Token.UnsafeRegister(static socket => ((Socket)socket!).Dispose(), socket);
        try
        {
            string host = endpoint.CallableHost;
            socket.Connect(IPAddress.TryParse(host, out IPAddress? address) ? [address] : Dns.GetHostAddresses(host), endpoint.Port);
            socket.Send(Request(path));
            return Read(buffer => socket.Receive(buffer));
        }
        catch (Exception problem) when (problem is SocketException or ObjectDisposedException)
        {
            // Not listening yet, too busy to answer, gone, or cancelled.
            cancellationToken.ThrowIfCancellationRequested();
            return null;
        }
    }

    private byte[] Request(string path)
    {
        string host = endpoint.CallableHost;
        string authorization = _key is null ? string.Empty : $"Authorization: Bearer {_key}\r\n";
        return Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"GET {path} HTTP/1.0\r\nHost: {(host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host)}:{endpoint.Port}\r\n{authorization}Connection: close\r\n\r\n"));
    }

    private delegate int Receiver(Span<byte> buffer);

    private static Answer? Read(Receiver receive)
    {
        byte[] buffer = new byte[16 * 1024];
        int length = 0;
        int read = 0;
        for (; length < LongestAnswer && (read = receive(buffer.AsSpan(length))) > 0;)
        {
            length += read;
            if (Parse(buffer.AsMemory(0, length), isAll: false) is { } whole)
            {
                return whole;
            }

            if (length == buffer.Length)
            {
                Array.Resize(ref buffer, length * 2);
            }
        }

        return read < 0 ? null : Parse(buffer.AsMemory(0, length), isAll: true);
    }

    /// <summary>Reads an answer.</summary>
    /// <param name="bytes">What has come of it.</param>
    /// <param name="isAll">Whether nothing more will come.</param>
    /// <returns>Null when it is not complete, or no HTTP.</returns>
    internal static Answer? Parse(ReadOnlyMemory<byte> bytes, bool isAll)
    {
        int end = bytes.Span.IndexOf("\r\n\r\n"u8);
        if (end < 0 || !bytes.Span.StartsWith("HTTP/1."u8))
        {
            return null;
        }

        string[] lines = Encoding.Latin1.GetString(bytes.Span[..end]).Split("\r\n");
        string[] status = lines[0].Split(' ', 3);
        if (status.Length < 2 || !int.TryParse(status[1], NumberStyles.None, CultureInfo.InvariantCulture, out int code))
        {
            return null;
        }

        ReadOnlyMemory<byte> body = bytes[(end + 4)..];
        foreach (string line in lines)
        {
            if (line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase)
                && int.TryParse(line.AsSpan("Content-Length:".Length).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int length))
            {
                return body.Length >= length ? new Answer(code, body[..length]) : null;
            }
        }

        return isAll ? new Answer(code, body) : null;
    }
}
