using System.Globalization;
using System.Net;
using System.Net.Sockets;
using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;
using LlmOps.Logs;
using LlmOps.Native.Libc;
using LlmOps.Planning;
using LlmOps.Processes;

namespace LlmOps.Servers;

/// <summary>What is looked at before a start changes anything.</summary>
internal static class StartChecks
{
    private const UnixFileMode s_others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    private static readonly string[] s_secretFlags = ["--api-key", "--hf-token", "-hft"];

    /// <summary>Refuses a command that cannot run here, or that would show a secret to everybody.</summary>
    public static void RequireRunnable(ServerConfig config, LaunchCommand command)
    {
        bool isPath = command.File.Contains('/', StringComparison.Ordinal);
        if (isPath ? !ExecutableFinder.IsExecutable(command.File) : ExecutableFinder.Find(command.File) is null)
        {
            string problem = isPath && File.Exists(command.File) ? "may not be executed; set its execute permission" : "is not there; install an engine or name another";
            throw new LlmOpsException($"The engine '{command.File}' {problem}.", "EngineNotFound") { Kind = ErrorKind.NotFound };
        }

        RequireFiles(config);
        RequireNoSecrets(config, command);
    }

    /// <summary>Refuses a configuration that names files which are not there.</summary>
    public static void RequireFiles(ServerConfig config)
    {
        if (!File.Exists(config.Model) && !Directory.Exists(config.Model) && (config.Engine == EngineNames.LlamaCpp || Path.IsPathRooted(config.Model)))
        {
            throw new LlmOpsException($"The model '{config.Model}' of server '{config.Name}' is not there; correct 'model' in the configuration.", "ModelNotFound") { Kind = ErrorKind.NotFound };
        }

        if (config.Options.Get(LlamaCppOptions.ChatTemplateFile) is { } template && !File.Exists(template))
        {
            throw new LlmOpsException(
                $"The chat template '{template}' of server '{config.Name}' is not there; correct 'chatTemplateFile' in the configuration.", "ChatTemplateNotFound") { Kind = ErrorKind.NotFound };
        }
    }

    /// <summary>Refuses a plan that says of itself that it cannot work, unless that is wanted.</summary>
    public static void RequireFit(ServerConfig config, bool force)
    {
        if (config.Problems.Count > 0 && !force)
        {
            PlanProblem problem = config.Problems[0];
            throw new LlmOpsException(
                $"Server '{config.Name}' was not started: {problem.Message.TrimEnd('.')}; {problem.Remedy.TrimEnd('.')}, or force the start.", "PlanDoesNotFit")
            { Kind = ErrorKind.Finding };
        }
    }

    /// <summary>Refuses a server that others can reach without a key, unless that is wanted.</summary>
    public static void RequireProtected(ServerConfig config, bool force)
    {
        ServerEndpoint endpoint = config.Endpoint;
        if (endpoint.ApiKeyFile is { } keyFile && SecretMask.ReadKeys(keyFile).Count == 0)
        {
            string problem = File.Exists(keyFile) ? "holds no key" : "is not there";
            throw new LlmOpsException($"The API key file '{keyFile}' of server '{config.Name}' {problem}; write a key into it, one a line.", "ApiKeyFileNotFound") { Kind = ErrorKind.NotFound };
        }

        if (endpoint.ApiKeyFile is { } readable && !OperatingSystem.IsWindows() && (File.GetUnixFileMode(readable) & s_others) != 0)
        {
            // As ssh does with its keys: a warning scrolls by, and the key stays open.
            throw new LlmOpsException(
                $"The API key file '{readable}' of server '{config.Name}' can be read by other users of this machine; run: chmod 600 {ShellText.Quote(readable)}", "ApiKeyFileExposed");
        }

        if (!endpoint.IsLoopback && endpoint.ApiKeyFile is null && !force)
        {
            throw new LlmOpsException(
                $"Server '{config.Name}' would listen on {endpoint.Host} without an API key, open to everybody who reaches this machine; name an API key file, listen on 127.0.0.1, or force it.",
                "ExposedWithoutKey");
        }
    }

    /// <summary>Refuses an address that is not this machine's and a port that is taken, and says by whom.</summary>
    public static async Task RequireFreePortAsync(ServerConfig config, ServerRegistry registry, CancellationToken cancellationToken)
    {
        ServerEndpoint endpoint = config.Endpoint;
        if (endpoint.Port is < 1 or > IPEndPoint.MaxPort)
        {
            throw new LlmOpsException($"Port {Text(endpoint.Port)} of server '{config.Name}' is not one; use 1 to 65535.", "PortInvalid");
        }

        // A server that is still loading has not taken its port yet, and will fail minutes later if another one has by then.
        string port = string.Create(CultureInfo.InvariantCulture, $":{endpoint.Port}");
        foreach (LlmServer server in registry.List())
        {
            if (server.IsRunning() && server.Address.EndsWith(port, StringComparison.Ordinal) && !server.Name.Equals(config.Name, StringComparison.Ordinal))
            {
                throw InUse(config, $"server '{server.Name}' ({server.State})");
            }
        }

        string figures = endpoint.Host == "*" ? "0.0.0.0" : endpoint.Host.Trim('[', ']');
        if (LibcListen.TryListen(figures, endpoint.Port) is { } error)
        {
            if (error != SocketError.Success)
            {
                throw NotBindable(config, error, null);
            }

            return;
        }

        foreach (IPAddress address in await ResolveAsync(config, cancellationToken).ConfigureAwait(false))
        {
            RequireBindable(config, address);
        }
    }

    private static void RequireBindable(ServerConfig config, IPAddress address)
    {
        int port = config.Endpoint.Port;
        try
        {
            using Socket socket = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            if (OperatingSystem.IsWindows())
            {
                // Elsewhere a listener always excludes others from binding; on Windows only this option does.
                socket.ExclusiveAddressUse = true;
            }

            socket.Bind(new IPEndPoint(address, port));
            socket.Listen(1);
        }
        catch (SocketException problem)
        {
            throw NotBindable(config, problem.SocketErrorCode, problem);
        }
    }

    private static LlmOpsException NotBindable(ServerConfig config, SocketError error, SocketException? problem)
    {
        int port = config.Endpoint.Port;
        return error switch
        {
            SocketError.AddressAlreadyInUse => InUse(config, PortHolder.Describe(port) ?? "another program", problem),
            SocketError.AddressNotAvailable => new LlmOpsException(
                $"Server '{config.Name}' cannot listen on {config.Endpoint.Host}: that is no address of this machine; use 127.0.0.1, 0.0.0.0 or one of its own.", "HostNotLocal", problem),
            SocketError.AccessDenied => new LlmOpsException(
                $"Server '{config.Name}' may not listen on port {Text(port)}: ports below 1024 need privileges; use a higher one.", "PortNotPermitted", problem),
            SocketError.AddressFamilyNotSupported => new LlmOpsException(
                $"Server '{config.Name}' cannot listen on {config.Endpoint.Host}: this machine has no such kind of address.", "HostNotLocal", problem),
            _ => new LlmOpsException($"Server '{config.Name}' cannot listen on {config.Endpoint.Host}:{Text(port)}: {(problem ?? new SocketException((int)error)).Message}.", "PortNotUsable", problem),
        };
    }

    private static async Task<IPAddress[]> ResolveAsync(ServerConfig config, CancellationToken cancellationToken)
    {
        string host = config.Endpoint.Host;
        if (host == "*")
        {
            return [IPAddress.Any];
        }

        if (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address))
        {
            return [address];
        }

        try
        {
            // Engines bind the first address that a name stands for.
            IPAddress[] found = await Dns.GetHostAddressesAsync(host, cancellationToken).ConfigureAwait(false);
            return found.Length > 0 ? [found[0]] : throw NoSuchHost(null);
        }
        catch (SocketException problem)
        {
            throw NoSuchHost(problem);
        }

        LlmOpsException NoSuchHost(Exception? inner) => new(
            $"Server '{config.Name}' cannot listen on '{host}': no address is known by that name; use an address of this machine.", "HostNotLocal", inner);
    }

    /// <summary>Refuses a command that would show a secret to everybody.</summary>
    public static void RequireNoSecrets(ServerConfig config, LaunchCommand command)
    {
        foreach (string flag in s_secretFlags)
        {
            if (command.Arguments.Any(argument => argument == flag || argument.StartsWith(flag + "=", StringComparison.Ordinal)))
            {
                throw new LlmOpsException(
                    $"Server '{config.Name}' passes a secret by {flag}, which every user of this machine can read in the process list; put it into a file (apiKeyFile) or the environment of the shell.",
                    "SecretInConfig");
            }
        }

        if (config.Environment.Keys.FirstOrDefault(SecretMask.IsSecretName) is { } variable)
        {
            throw new LlmOpsException(
                $"Server '{config.Name}' sets {variable} in its configuration, where it would be stored; set it in the environment of the shell instead, from where it is passed on.",
                "SecretInConfig");
        }
    }

    private static LlmOpsException InUse(ServerConfig config, string holder, Exception? inner = null) => new(
        $"Server '{config.Name}' cannot listen on port {Text(config.Endpoint.Port)}: {holder} has it; stop that or choose another port.", "PortInUse", inner)
        { Kind = ErrorKind.AlreadyExists };

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
