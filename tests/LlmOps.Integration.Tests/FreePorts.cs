using System.Net;
using System.Net.Sockets;

namespace LlmOps.Integration.Tests;

/// <summary>Ports that the system says are free.</summary>
internal static class FreePorts
{
    public static int Next()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
