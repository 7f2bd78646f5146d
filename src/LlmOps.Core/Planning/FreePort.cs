using System.Net;
using System.Net.Sockets;

namespace LlmOps.Planning;

/// <summary>Looks for a port that nobody listens on.</summary>
internal static class FreePort
{
    /// <summary>The first free port on loopback from <paramref name="first"/> on, among <paramref name="count"/>; null when all are taken.</summary>
    public static int? From(int first, int count)
    {
        for (int port = first; port < first + count; port++)
        {
            if (IsFree(port))
            {
                return port;
            }
        }

        return null;
    }

    private static bool IsFree(int port)
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
