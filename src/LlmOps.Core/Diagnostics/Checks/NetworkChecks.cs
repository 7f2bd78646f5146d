using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace LlmOps.Diagnostics.Checks;

/// <summary>The port is free.</summary>
internal sealed class PortFreeCheck : FactCheck
{
    public override string Id => "network.port-free";

    public override CheckCategory Category => CheckCategory.Network;

    protected override CheckResult Run(CheckContext context)
    {
        if (context.Config is not { } config)
        {
            return Skip("no configuration was given");
        }

        string port = config.Endpoint.Port.ToString(CultureInfo.InvariantCulture);
        bool taken = IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Any(listener => listener.Port == config.Endpoint.Port);
        return taken ? Fail($"port {port} is taken", $"something listens on {port}", $"choose another port, or see who has it: 'ss -ltnp sport = :{port}'")
            : Pass($"port {port} is free");
    }
}

/// <summary>The address is one of this machine's.</summary>
internal sealed class AddressOursCheck : Check
{
    public override string Id => "network.address";

    public override CheckCategory Category => CheckCategory.Network;

    public override async Task<CheckResult> RunAsync(CheckContext context, CancellationToken cancellationToken)
    {
        if (context.Config is not { } config)
        {
            return Skip("no configuration was given");
        }

        string host = config.Endpoint.Host;
        if (host is "0.0.0.0" or "::" || config.Endpoint.IsLoopback)
        {
            return Pass($"{host} is an address of this machine");
        }

        try
        {
            IPAddress[] wanted = await Dns.GetHostAddressesAsync(host, cancellationToken).ConfigureAwait(false);
            IEnumerable<IPAddress> ours = NetworkInterface.GetAllNetworkInterfaces().SelectMany(network => network.GetIPProperties().UnicastAddresses).Select(address => address.Address);
            return wanted.Intersect(ours).Any() ? Pass($"{host} is an address of this machine")
                : Fail($"{host} is not an address of this machine", string.Join(", ", ours), "listen on one of these, on 127.0.0.1, or on 0.0.0.0");
        }
        catch (SocketException problem)
        {
            return Fail($"{host} cannot be resolved", problem.Message, "name an address of this machine");
        }
    }
}

/// <summary>A server that others can reach has a key.</summary>
internal sealed class ExposureCheck : FactCheck
{
    public override string Id => "security.exposed-without-key";

    public override CheckCategory Category => CheckCategory.Security;

    protected override CheckResult Run(CheckContext context) =>
        context.Config is not { } config ? Skip("no configuration was given")
        : config.Endpoint.IsLoopback ? Pass("only this machine can connect")
        : config.Endpoint.ApiKeyFile is not null ? Pass("others can connect, with a key")
        : Fail("others can connect without a key", config.Endpoint.Host, "set endpoint.apiKeyFile, or listen on 127.0.0.1");
}

/// <summary>The key file is there and private.</summary>
internal sealed class KeyFileCheck : FactCheck
{
    public override string Id => "security.key-file";

    public override CheckCategory Category => CheckCategory.Security;

    protected override CheckResult Run(CheckContext context)
    {
        if (context.Config?.Endpoint.ApiKeyFile is not { } file)
        {
            return Skip("no key file is configured");
        }

        if (!File.Exists(file) || new FileInfo(file).Length == 0)
        {
            return Fail("the API key file is missing or empty", file, $"make one: 'openssl rand -hex 24 > {file} && chmod 600 {file}'");
        }

        const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.OtherRead | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;
        return !OperatingSystem.IsWindows() && (File.GetUnixFileMode(file) & Others) != 0
            ? Fail("others can read the API key file", $"{file} has mode {Convert.ToString((int)File.GetUnixFileMode(file), 8)}", $"chmod 600 {file}")
            : Pass("the API key file is private", file);
    }
}

/// <summary>State can be written.</summary>
internal sealed class StateFolderCheck : FactCheck
{
    private const long Room = 100 * Bytes.MiB;

    public override string Id => "storage.state-folder";

    public override CheckCategory Category => CheckCategory.Storage;

    protected override CheckResult Run(CheckContext context)
    {
        string folder = LlmOpsFolders.Servers;
        try
        {
            Directory.CreateDirectory(folder);
            string probe = Path.Combine(folder, $".probe-{Environment.ProcessId}");
            File.WriteAllText(probe, "probe");
            File.Delete(probe);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return Fail("server records cannot be written", problem.Message, "make the folder writable, or point XDG_STATE_HOME elsewhere");
        }

        long free = new DriveInfo(folder).AvailableFreeSpace;
        return free < Room ? Warn("little room is left for logs", $"{Bytes.Format(free)} at {folder}", "free some disk space") : Pass("server records and logs can be written", $"{folder}, {Bytes.Format(free)} free");
    }
}
