using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using LlmOps.Configuration;
using LlmOps.Hardware;
using LlmOps.Servers;

namespace LlmOps.Diagnostics.Checks;

/// <summary>Addresses, ports and what stands between them and clients.</summary>
internal static class NetworkChecks
{
    /// <summary>The checks.</summary>
    public static IReadOnlyList<Check> All { get; } =
    [
        Check.OfTools("network.port-free", "the port is free; who has it", (scope, _) => Task.FromResult(PortFree(scope))),
        Check.OfFiles("network.port-range", "the port may be used, and is none that the kernel gives to others", PortRange),
        Check.OfTools("network.address", "the address is one of this machine's", AddressOursAsync),
        Check.OfFiles("network.firewall", "a firewall lets clients of other machines reach the port", Firewall),
        Check.OfFacts("network.wsl", "other machines reach a server inside WSL", Wsl),
        Check.OfFacts("network.proxy", "no proxy stands between this machine and its own servers", Proxy),
        Check.OfTools("network.host-name", "this machine's name leads to an address, as ranks need", HostNameAsync),
    ];

    private static string Port(ServerConfig config) => config.Endpoint.Port.ToString(CultureInfo.InvariantCulture);

    private static Finding PortFree(CheckScope scope)
    {
        if (scope.Config is not { } config)
        {
            return Finding.Skip("no configuration was given");
        }

        bool taken = IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Any(listener => listener.Port == config.Endpoint.Port);
        return !taken ? Finding.Pass($"port {Port(config)} is free")
            : Finding.Fail(
                $"port {Port(config)} is taken", PortHolder.DescribeWithCommand(config.Endpoint.Port) is { } holder ? $"held by {holder}" : $"something listens on {Port(config)}",
                "the engine loads the model for minutes and ends when it cannot listen, or clients talk to the other server", new Remedy("stop what has it, or choose another port (endpoint.port)", RemedyText.Root("ss", "-ltnp", "sport", "=", $":{Port(config)}")));
    }

    private static Finding PortRange(CheckScope scope, SystemFiles files)
    {
        if (scope.Config is not { } config)
        {
            return Finding.Skip("no configuration was given");
        }

        int port = config.Endpoint.Port;
        long free = files.ReadNumber("/proc/sys/net/ipv4/ip_unprivileged_port_start") ?? 1024;
        bool isRoot = (files.ReadText("/proc/self/status") ?? string.Empty).Contains("Uid:\t0\t", StringComparison.Ordinal);
        string[] range = files.ReadValue("/proc/sys/net/ipv4/ip_local_port_range")?.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) ?? [];
        bool isGivenAway = range.Length == 2 && port >= SystemFiles.ParseDigits(range[0]) && port <= SystemFiles.ParseDigits(range[1]);
        return port < free && !isRoot && !scope.IsInContainer
                ? Finding.Fail("the port needs privileges", $"port {Port(config)}; this user may use {free} and above", "the engine ends: 'Permission denied'", "choose a higher port, or put a proxy before the server")
            : isGivenAway
                ? Finding.Warn("the port is one that the kernel gives to outgoing connections", $"port {Port(config)} of {range[0]} to {range[1]}", "now and then the server finds it taken when it starts", $"choose a port below {range[0]}")
                : Finding.Pass("the port is one to listen on", Port(config));
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
            IPAddress[] ours = OwnAddresses();
            return wanted.Intersect(ours).Any() ? Finding.Pass($"{host} is an address of this machine")
                : Finding.Fail($"{host} is not an address of this machine", $"its own: {string.Join(", ", ours.AsEnumerable())}", "the engine cannot listen there", "listen on one of these, on 127.0.0.1, or on 0.0.0.0");
        }
        catch (SocketException problem)
        {
            return Finding.Fail($"{host} cannot be resolved", problem.Message, "the engine cannot listen on a name that nobody knows", "name an address of this machine");
        }
    }

    private static IPAddress[] OwnAddresses() => [.. NetworkInterface.GetAllNetworkInterfaces().SelectMany(network => network.GetIPProperties().UnicastAddresses).Select(address => address.Address)];

    // ufw keeps its rules in /etc/ufw (readable by root), firewalld in /etc/firewalld; neither needs to be asked.
    private static Finding Firewall(CheckScope scope, SystemFiles files)
    {
        if (scope.Config is not { } config || config.Endpoint.IsLoopback)
        {
            return Finding.Skip("no configuration that others are to reach");
        }

        string port = Port(config);
        const string Why = "clients on other machines wait until they give up, while the server works on this one";
        if (files.ReadText("/etc/ufw/ufw.conf")?.Contains("ENABLED=yes", StringComparison.OrdinalIgnoreCase) == true)
        {
            string? rules = files.ReadText("/etc/ufw/user.rules");
            return rules?.Contains($"--dport {port} ", StringComparison.Ordinal) == true ? Finding.Pass("the firewall (ufw) lets the port through", $"port {port}")
                : Finding.Warn(
                    rules is null ? "a firewall (ufw) is on, and its rules may only be read by root" : "the firewall (ufw) does not let the port through", $"port {port}", Why,
                    new Remedy("let it through, best for your own network only", new RemedyCommand(["ufw", "allow", $"{port}/tcp"]) { NeedsRoot = true, Safe = false, Undo = ["ufw", "delete", "allow", $"{port}/tcp"] }));
        }

        if (files.List("/etc/firewalld/zones") is { Count: > 0 } zones && files.Exists("/run/firewalld"))
        {
            return zones.Any(zone => files.ReadText($"/etc/firewalld/zones/{zone}")?.Contains($"port=\"{port}\"", StringComparison.Ordinal) == true) ? Finding.Pass("the firewall (firewalld) lets the port through", $"port {port}")
                : Finding.Warn(
                    "the firewall (firewalld) does not let the port through", $"port {port}", Why,
                    new Remedy("let it through, best for your own network only", new RemedyCommand(["firewall-cmd", "--permanent", $"--add-port={port}/tcp"]) { NeedsRoot = true, Undo = ["firewall-cmd", "--permanent", $"--remove-port={port}/tcp"] }, RemedyText.Root("firewall-cmd", "--reload")));
        }

        return Finding.Pass("no firewall of ufw or firewalld is on");
    }

    private static Finding Wsl(CheckScope scope) =>
        !scope.Host.IsWsl || scope.Config is not { } config || config.Endpoint.IsLoopback ? Finding.Skip("no configuration inside WSL that others are to reach")
        : OwnAddresses().Any(address => address.ToString() == config.Endpoint.Host) && !config.Endpoint.Host.StartsWith("172.", StringComparison.Ordinal) ? Finding.Pass("WSL shares the network of Windows", config.Endpoint.Host)
        : Finding.Warn(
            "other machines do not reach a server inside WSL by itself", $"listening on {config.Endpoint.Host}", "WSL has a network of its own behind Windows; only Windows itself is passed on to it",
            $"in Windows, set networkingMode=mirrored under [wsl2] in %UserProfile%\\.wslconfig, or run: netsh interface portproxy add v4tov4 listenport={Port(config)} listenaddress=0.0.0.0 connectport={Port(config)} connectaddress=(wsl hostname -I)");

    private static Finding Proxy(CheckScope scope)
    {
        if (scope.Files is null)
        {
            return Finding.OtherMachine;
        }

        string? proxy = scope.Variable("http_proxy") ?? scope.Variable("HTTP_PROXY") ?? scope.Variable("all_proxy") ?? scope.Variable("ALL_PROXY");
        string except = scope.Variable("no_proxy") ?? scope.Variable("NO_PROXY") ?? string.Empty;
        return string.IsNullOrEmpty(proxy) ? scope.Config is null ? Finding.Skip("no proxy is set") : Finding.Pass("no proxy is set")
            : except.Split(',', StringSplitOptions.TrimEntries).Any(entry => entry is "*" or "127.0.0.1" or "localhost" or "127.0.0.0/8") ? Finding.Pass("the proxy leaves this machine's own servers out", $"no_proxy={except}")
            : Finding.Warn("a proxy stands between clients here and servers here", $"http_proxy={Logs.SecretMask.Replacement}; no_proxy={except}", "curl, Python clients and vLLM's ranks ask the proxy for 127.0.0.1, which is then its own: 502 or 503 although the server is ready", "set no_proxy=127.0.0.1,localhost (and NO_PROXY)");
    }

    private static async Task<Finding> HostNameAsync(CheckScope scope, CancellationToken cancellationToken)
    {
        if (scope.Ranks < 2 || scope.IsInContainer)
        {
            return Finding.Skip("no configuration with several ranks");
        }

        string name = scope.Files!.ReadValue("/proc/sys/kernel/hostname") ?? Dns.GetHostName();
        if ((scope.Files!.ReadText("/etc/hosts") ?? string.Empty).Split('\n').Any(line => !line.StartsWith('#') && line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Skip(1).Contains(name)))
        {
            return Finding.Pass("this machine's name leads to an address", $"{name} in /etc/hosts");
        }

        try
        {
            IPAddress[] found = await Dns.GetHostAddressesAsync(name, cancellationToken).ConfigureAwait(false);
            return found.Length > 0 ? Finding.Pass("this machine's name leads to an address", $"{name}: {found[0]}") : Unknown(name);
        }
        catch (SocketException)
        {
            return Unknown(name);
        }
    }

    private static Finding Unknown(string name) => Finding.Warn(
        "this machine's own name leads to no address", name, "ranks find each other by it: they wait a minute at their start, or end with 'Temporary failure in name resolution'",
        new Remedy("name it", new RemedyCommand(["tee", "-a", "/etc/hosts"]) { NeedsRoot = true, Safe = true, Input = $"127.0.1.1 {name}\n", Undo = ["sed", "-i", $"/^127.0.1.1 {name}$/d", "/etc/hosts"] }));
}
