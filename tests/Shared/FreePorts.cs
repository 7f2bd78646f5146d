using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace LlmOps.Testing;

/// <summary>Ports for servers that tests start a moment later.</summary>
/// <remarks>
/// Not the system's own choice: what it gives to one it gives to the next that asks, or to a connection that somebody opens, before the server
/// listens. These lie below the ports that systems hand out (from 32768 on Linux, from 49152 elsewhere), are drawn at random, and each only once.
/// </remarks>
internal static class FreePorts
{
    private const int First = 20000;
    private const int Count = 12000;

    private static readonly ConcurrentDictionary<int, bool> s_given = new();

    /// <summary>A port that nobody listens on, on any address.</summary>
    public static int Next()
    {
        for (int attempt = 0; attempt < Count; attempt++)
        {
            int port = First + Random.Shared.Next(Count);
            if (s_given.TryAdd(port, true) && IsFree(port))
            {
                return port;
            }
        }

        throw new InvalidOperationException($"no port of {First} to {First + Count - 1} is free");
    }

    /// <summary>The same as text, for a command line.</summary>
    public static string NextText() => Next().ToString(CultureInfo.InvariantCulture);

    /// <summary>Whether a server could listen on <paramref name="port"/> now.</summary>
    public static bool IsFree(int port)
    {
        try
        {
            using TcpListener listener = new(IPAddress.Any, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
