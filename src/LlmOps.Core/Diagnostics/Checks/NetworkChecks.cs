using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using LlmOps.Servers;

namespace LlmOps.Diagnostics.Checks;

/// <summary>Addresses and ports.</summary>
internal static class NetworkChecks
{
    /// <summary>The checks.</summary>
    public static IReadOnlyList<Check> All { get; } =
    [
        Check.OfTools("network.port-free", "the port is free; who has it", (scope, _) => Task.FromResult(PortFree(scope))),
        Check.OfTools("network.address", "the address is one of this machine's", AddressOursAsync),
    ];

    private static Finding PortFree(CheckScope scope)
    {
        if (scope.Config is not { } config)
        {
            return Finding.Skip("no configuration was given");
        }

        string port = config.Endpoint.Port.ToString(CultureInfo.InvariantCulture);
        bool taken = IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Any(listener => listener.Port == config.Endpoint.Port);
        return !taken ? Finding.Pass($"port {port} is free")
            : Finding.Fail($"port {port} is taken", PortHolder.DescribeWithCommand(config.Endpoint.Port) is { } holder ? $"held by {holder}" : $"something listens on {port}", "the engine loads the model for minutes and ends when it cannot listen, or clients talk to the other server", $"stop what has it, or choose another port (endpoint.port); 'ss -ltnp sport = :{port}' shows who has it");
    }

    private static async Task<Finding> AddressOursAsync(CheckScope scope, CancellationToken cancellationToken)
    {
        if (scope.Config is not { } config)
        {
            return Finding.Skip("no configuration was given");
        }

        string host = config.Endpoint.Host;
        if (host is "0.0.0.0" or "::" or "*" || config.Endpoint.IsLoopback)
        {
            return Finding.Pass($"{host} is an address of this machine");
        }

        try
        {
            IPAddress[] wanted = await Dns.GetHostAddressesAsync(host, cancellationToken).ConfigureAwait(false);
            IPAddress[] ours = [.. NetworkInterface.GetAllNetworkInterfaces().SelectMany(network => network.GetIPProperties().UnicastAddresses).Select(address => address.Address)];
            return wanted.Intersect(ours).Any() ? Finding.Pass($"{host} is an address of this machine")
                : Finding.Fail($"{host} is not an address of this machine", $"its own: {string.Join(", ", ours.AsEnumerable())}", "the engine cannot listen there", "listen on one of these, on 127.0.0.1, or on 0.0.0.0");
        }
        catch (SocketException problem)
        {
            return Finding.Fail($"{host} cannot be resolved", problem.Message, "the engine cannot listen on a name that nobody knows", "name an address of this machine");
        }
    }
}
