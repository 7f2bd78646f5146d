using System.Globalization;
using LlmOps.Configuration;

namespace LlmOps.Planning;

/// <summary>Decides where a server listens.</summary>
internal static class EndpointChoice
{
    private const int PortsTried = 100;

    /// <summary>The endpoint: what is pinned, else this machine alone at the first free port.</summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="pins">What is fixed.</param>
    /// <param name="firstPort">The engine's usual port.</param>
    /// <param name="usual">What there is to say of that port.</param>
    /// <param name="findFreePort">Looks for a free port: the first to try and how many.</param>
    /// <param name="log">Takes the decisions.</param>
    public static ServerEndpoint Of(PlanRequest request, Pins pins, int firstPort, string usual, Func<int, int, int?> findFreePort, DecisionLog log)
    {
        ServerEndpoint endpoint = new() { Host = pins.Host ?? "127.0.0.1", ApiKeyFile = pins.ApiKeyFile };
        string reach = pins.Host is null ? "only this machine may connect; an address that others can reach needs an API key"
            : endpoint.IsLoopback || endpoint.ApiKeyFile is not null ? "as asked"
            : "as asked; others can connect and no API key file is named, so that a start is refused unless it is forced";
        log.Add("host", endpoint.Host, reach, [], pins.Host is not null);
        int port = pins.Port ?? (request.IsThisMachine ? findFreePort(firstPort, PortsTried) : null) ?? firstPort;
        string now = request.IsThisMachine ? "; free now, and checked again when the server starts" : "; nobody looked whether it is free on that machine";
        log.Add("port", port.ToString(CultureInfo.InvariantCulture), pins.Port is not null ? "as asked" : (port == firstPort ? usual : $"the first free port from {firstPort} on") + now, [], pins.Port is not null);
        return endpoint with { Port = port };
    }
}
