using System.Net.Sockets;
using System.Net;
using LlmOps.Configuration;
using static LlmOps.Core.Tests.Diagnostics.Checks.CheckCase;

namespace LlmOps.Core.Tests.Diagnostics.Checks;

/// <summary>Machines for the checks of addresses, ports and secrets.</summary>
internal static class NetworkCases
{
    public static IReadOnlyList<CheckCase> All { get; } =
    [
        Pass("network.port-free", "is free", machine => Serve(machine, "127.0.0.1", FreePorts.Next())),
        Fail("network.port-free", "is taken", machine => Serve(machine, "127.0.0.1", TakenPort(machine))),
        Skip("network.port-free", "no configuration", _ => { }),

        Pass("network.port-range", "8080", machine => { Serve(machine, "127.0.0.1", 8080); machine.Files.Write("/proc/sys/net/ipv4/ip_local_port_range", "32768\t60999\n"); }),
        Warn("network.port-range", "below 32768", machine => { Serve(machine, "127.0.0.1", 40000); machine.Files.Write("/proc/sys/net/ipv4/ip_local_port_range", "32768\t60999\n"); }),
        Fail("network.port-range", "port 80", machine => { Serve(machine, "127.0.0.1", 80); machine.Files.Write("/proc/self/status", "Uid:\t1000\t1000\n"); }),
        Skip("network.port-range", "no configuration", _ => { }),

        Pass("network.address", "0.0.0.0", machine => Serve(machine, "0.0.0.0")),
        Fail("network.address", "198.51.100.7 is not an address", machine => Serve(machine, "198.51.100.7")),
        Skip("network.address", "no configuration", _ => { }),

        Pass("network.firewall", "no firewall", machine => Serve(machine, "0.0.0.0")),
        Pass("network.firewall", "lets the port through", machine => { Serve(machine, "0.0.0.0"); machine.Files.Write("/etc/ufw/ufw.conf", "ENABLED=yes\n").Write("/etc/ufw/user.rules", "-A ufw-user-input -p tcp --dport 8080 -j ACCEPT\n"); }),
        Warn("network.firewall", "ufw allow 8080/tcp", machine => { Serve(machine, "0.0.0.0"); machine.Files.Write("/etc/ufw/ufw.conf", "ENABLED=yes\n").Write("/etc/ufw/user.rules", "-A ufw-user-input -p tcp --dport 22 -j ACCEPT\n"); }),
        Warn("network.firewall", "firewall-cmd --permanent --add-port=8080/tcp", machine => { Serve(machine, "0.0.0.0"); machine.Files.Write("/etc/firewalld/zones/public.xml", "<zone/>").Write("/run/firewalld/x", ""); }),
        Skip("network.firewall", "no configuration", machine => Serve(machine, "127.0.0.1")),

        Pass("network.wsl", "shares the network", machine => { InWsl(machine); Serve(machine, OwnAddress()); }),
        Warn("network.wsl", "netsh interface portproxy", machine => { InWsl(machine); Serve(machine, "0.0.0.0"); }),
        Skip("network.wsl", "no configuration inside WSL", _ => { }),

        Pass("network.proxy", "no proxy is set", machine => Serve(machine, "127.0.0.1")),
        Pass("network.proxy", "leaves this machine's own", machine => { machine.Variables["http_proxy"] = "http://me:secret@proxy:3128"; machine.Variables["no_proxy"] = "localhost,127.0.0.1"; }),
        Warn("network.proxy", "no_proxy=127.0.0.1,localhost", machine => machine.Variables["HTTP_PROXY"] = "http://me:secret@proxy:3128"),
        Skip("network.proxy", "no proxy", _ => { }),

        Pass("network.host-name", "box in /etc/hosts", machine => { Ranks(machine); machine.Files.Write("/proc/sys/kernel/hostname", "box\n").Write("/etc/hosts", "127.0.0.1 localhost\n127.0.1.1 box.lan box\n"); }),
        Warn("network.host-name", "echo '127.0.1.1 no-such-name.invalid'", machine => { Ranks(machine); machine.Files.Write("/proc/sys/kernel/hostname", "no-such-name.invalid\n"); }),
        Skip("network.host-name", "several ranks", _ => { }),

        Pass("security.exposed-without-key", "only this machine", machine => Serve(machine, "127.0.0.1")),
        Fail("security.exposed-without-key", "0.0.0.0", machine => Serve(machine, "0.0.0.0")),
        Skip("security.exposed-without-key", "no configuration", _ => { }),
        Pass("security.key-file", "is private", machine => Key(machine, UnixFileMode.UserRead)),
        Fail("security.key-file", "chmod 600", machine => Key(machine, UnixFileMode.UserRead | UnixFileMode.OtherRead)),
        Fail("security.key-file", "missing or empty", machine => { Serve(machine, "127.0.0.1"); machine.Config = machine.Config! with { Endpoint = machine.Config.Endpoint with { ApiKeyFile = "/nowhere/key" } }; }),
        Skip("security.key-file", "no key file", _ => { }),
        Pass("security.secret-in-arguments", "no secret", machine => Serve(machine, "127.0.0.1")),
        Fail("security.secret-in-arguments", "--api-key among", machine => { Serve(machine, "127.0.0.1"); machine.Config = machine.Config! with { ExtraArguments = ["--api-key", "x"] }; }),
        Fail("security.secret-in-arguments", "HF_TOKEN among", machine => { Serve(machine, "127.0.0.1"); machine.Config = machine.Config! with { Environment = new Dictionary<string, string> { ["HF_TOKEN"] = "x" } }; }),
        Skip("security.secret-in-arguments", "no configuration", _ => { }),
        Pass("security.root", "does not run as root", machine => { Serve(machine, "0.0.0.0"); machine.Files.Write("/proc/self/status", "Uid:\t1000\t1000\n"); }),
        Warn("security.root", "would run as root", machine => { Serve(machine, "0.0.0.0"); machine.Files.Write("/proc/self/status", "Uid:\t0\t0\n"); }),
        Skip("security.root", "no configuration", _ => { }),
        Pass("security.model-code", "no code", machine => machine.Plan(EngineNames.Vllm)),
        Warn("security.model-code", "trustRemoteCode is on", machine => machine.Plan(EngineNames.Vllm, ("trustRemoteCode", true))),
        Skip("security.model-code", "no configuration for vLLM", _ => { }),
        Pass("security.model-writable", "only its owner", machine => ModelOf(machine, UnixFileMode.UserRead | UnixFileMode.UserWrite)),
        Warn("security.model-writable", "chmod o-w", machine => ModelOf(machine, UnixFileMode.UserRead | UnixFileMode.OtherWrite)),
        Skip("security.model-writable", "no model", _ => { }),
    ];

    private static void Serve(CheckMachine machine, string host, int port = 8080)
    {
        machine.Plan();
        machine.Config = machine.Config! with { Endpoint = new ServerEndpoint { Host = host, Port = port } };
    }

    private static int TakenPort(CheckMachine machine)
    {
        TcpListener listener = machine.Keep(new TcpListener(IPAddress.Loopback, 0));
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static void InWsl(CheckMachine machine) => machine.Host(host => host with { IsWsl = true });

    // Some address of this machine that is not the loopback one, written as an address and not as 127.…
    private static string OwnAddress() => System.Net.NetworkInformation.NetworkInterface.GetAllNetworkInterfaces().SelectMany(network => network.GetIPProperties().UnicastAddresses)
        .Select(address => address.Address.ToString()).FirstOrDefault(address => !address.StartsWith("172.", StringComparison.Ordinal) && !address.StartsWith("127.", StringComparison.Ordinal) && address != "::1") ?? "127.0.0.1";

    private static void Ranks(CheckMachine machine)
    {
        machine.Cards(2);
        machine.Plan(EngineNames.Vllm, ("tensorParallel", 2L));
    }

    private static void Key(CheckMachine machine, UnixFileMode mode)
    {
        Serve(machine, "127.0.0.1");
        machine.Files.Write("/home/me/key", "secret\n");
        File.SetUnixFileMode(machine.Files.Locate("/home/me/key"), mode);
        machine.Config = machine.Config! with { Endpoint = machine.Config.Endpoint with { ApiKeyFile = machine.Files.Locate("/home/me/key") } };
    }

    private static void ModelOf(CheckMachine machine, UnixFileMode mode)
    {
        machine.Files.Write("/models/model.gguf", "GGUF");
        File.SetUnixFileMode(machine.Files.Locate("/models/model.gguf"), mode);
        machine.Model = KernelCases.Quantized("awq") with { Files = [machine.Files.Locate("/models/model.gguf")] };
    }
}
