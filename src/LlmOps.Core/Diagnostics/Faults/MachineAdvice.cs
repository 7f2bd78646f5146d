using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using LlmOps.Servers;

namespace LlmOps.Diagnostics;

/// <summary>What this machine tells about ports, limits, disks and files.</summary>
internal static class MachineAdvice
{
    // Less than this is no room to write in.
    private const long FullBelow = 16 * Bytes.MiB;

    private static readonly string[] s_hidingVariables = ["CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "GGML_VK_VISIBLE_DEVICES", "ONEAPI_DEVICE_SELECTOR"];

    /// <summary>Who has the port, or that the address is not ours.</summary>
    public static string? Port(FaultFinding finding, FaultContext context)
    {
        string? text = finding.Facts.GetValueOrDefault("port") ?? finding.Facts.GetValueOrDefault("port2");
        int? port = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : context.Config?.Endpoint.Port;
        string? host = finding.Facts.GetValueOrDefault("host")?.TrimEnd(',') ?? context.Config?.Endpoint.Host;
        if (host is not null && IPAddress.TryParse(host, out IPAddress? address) && !IsOurs(address))
        {
            return $"{host} is no address of this machine: listen on 127.0.0.1, 0.0.0.0 or one of {string.Join(", ", OwnAddresses())}.";
        }

        return port is { } taken && PortHolder.DescribeWithCommand(taken) is { } holder
            ? string.Create(CultureInfo.InvariantCulture, $"Port {taken} is held by {holder}.")
            : port is { } free ? string.Create(CultureInfo.InvariantCulture, $"Nothing listens on port {free} now; it may be free again.") : null;
    }

    /// <summary>The limit of locked memory here, and the lines that raise it.</summary>
    public static string? MemoryLock(FaultContext context)
    {
        if (context.Machine.Host.Limits.MemlockBytes is not { } limit)
        {
            return null;
        }

        return limit < 0
            ? "Here the limit is unlimited now; a service or a container may have another one (LimitMEMLOCK=infinity, docker --ulimit memlock=-1:-1)."
            : $"Here the limit is {Bytes.Format(limit)}: put '{Environment.UserName} - memlock unlimited' into /etc/security/limits.conf and log in anew; for a service LimitMEMLOCK=infinity; for docker --ulimit memlock=-1:-1.";
    }

    /// <summary>Which disks are full.</summary>
    public static string? FullDisks()
    {
        List<string> full = [];
        foreach (DriveInfo drive in DriveInfo.GetDrives())
        {
            if (drive.DriveType is DriveType.Fixed or DriveType.Ram or DriveType.Network && drive.IsReady && drive.TotalSize > 0 && drive.AvailableFreeSpace < FullBelow)
            {
                full.Add($"{drive.RootDirectory.FullName} ({Bytes.Format(drive.AvailableFreeSpace)} of {Bytes.Format(drive.TotalSize)} free)");
            }
        }

        return full.Count == 0 ? null : $"Full here: {string.Join(", ", full.Take(5))}.";
    }

    /// <summary>A variable that hides every GPU from the engine.</summary>
    public static string? HiddenDevices(FaultFinding finding, FaultContext context) =>
        Array.Find(s_hidingVariables, name => (context.Config?.Environment.GetValueOrDefault(name) ?? Environment.GetEnvironmentVariable(name)) is "" or "-1") is { } variable
            ? $"{variable} is set to nothing, which hides every GPU from the engine: take it out of the {(context.Config?.Environment.ContainsKey(variable) == true ? "configuration" : "environment")}."
            : null;

    /// <summary>A model whose name is nearly the one that is not there.</summary>
    public static string? NearModel(FaultContext context)
    {
        if (context.Config is not { } config || File.Exists(config.Model) || Path.GetDirectoryName(config.Model) is not { Length: > 0 } folder)
        {
            return null;
        }

        return !Directory.Exists(folder) ? $"The folder {folder} is not there."
            : Spelling.Nearest(Path.GetFileName(config.Model), Directory.EnumerateFiles(folder, "*.gguf").Select(file => Path.GetFileName(file)!)) is { } near
                ? $"In {folder} there is '{near}'."
                : null;
    }

    private static bool IsOurs(IPAddress address) =>
        IPAddress.IsLoopback(address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any) || OwnAddresses().Contains(address);

    private static List<IPAddress> OwnAddresses() => [.. NetworkInterface.GetAllNetworkInterfaces()
        .SelectMany(network => network.GetIPProperties().UnicastAddresses)
        .Select(unicast => unicast.Address)
        .Where(address => address.AddressFamily == AddressFamily.InterNetwork || !address.IsIPv6LinkLocal)];
}
