using LlmOps.Hardware.Pci;
using LlmOps.Native.Nvml;

namespace LlmOps.Hardware.Nvidia;

/// <summary>The NVLink ports of one GPU that are up: where each leads, and how fast one is.</summary>
/// <param name="Remotes">PCI addresses at the far ends.</param>
/// <param name="SwitchPorts">How many lead to a switch, through which every GPU on it is reached.</param>
/// <param name="Version">Their version, for example <c>3.0</c>.</param>
/// <param name="Down">How many ports are there and not up.</param>
/// <param name="BytesPerSecondEach">Bytes a second of one port in one direction; null when its version is not known.</param>
internal sealed record NvLinkPorts(IReadOnlyList<PciAddress> Remotes, int SwitchPorts, int Down, string? Version, long? BytesPerSecondEach)
{
    // NVML_NVLINK_MAX_LINKS; a GPU answers "invalid argument" from the first one that it does not have.
    private const uint MostPorts = 36;

    // NVML_NVLINK_DEVICE_TYPE_SWITCH.
    private const uint Switch = 2;

    public static NvLinkPorts Read(NvmlDevice device)
    {
        List<PciAddress> remotes = [];
        int switchPorts = 0;
        int down = 0;
        uint? version = null;
        for (uint port = 0; port < MostPorts; port++)
        {
            NvmlAnswer<uint> state = device.NvLinkState(port);
            if (state.Status != NvmlStatus.Success)
            {
                break;
            }

            if (state.Value == 0)
            {
                down++;
                continue;
            }

            version ??= device.NvLinkVersion(port).OrNull;
            if (device.NvLinkRemoteType(port).OrNull == Switch)
            {
                switchPorts++;
            }
            else if (device.NvLinkRemotePci(port).OrNull is { } pci && PciAddress.Parse(pci.BusId) is { } address)
            {
                remotes.Add(address);
            }
        }

        return new NvLinkPorts(remotes, switchPorts, down, VersionName(version), Speed(version));
    }

    /// <summary>How many links join this GPU to another one, directly or through switches.</summary>
    public int CountTo(NvLinkPorts other, PciAddress? address) =>
        Remotes.Count(remote => remote == address) is var direct and > 0 ? direct : Math.Min(SwitchPorts, other.SwitchPorts);

    /// <summary>Names an nvmlNvlinkVersion_t number.</summary>
    private static string? VersionName(uint? version) => version switch
    {
        1 => "1.0",
        2 => "2.0",
        3 => "2.2",
        4 => "3.0",
        5 => "3.1",
        6 => "4.0",
        7 => "5.0",
        _ => null,
    };

    /// <summary>Bytes a second of one link in one direction, by nvmlNvlinkVersion_t; the figures that <c>nvidia-smi nvlink --status</c> prints.</summary>
    private static long? Speed(uint? version) => version switch
    {
        1 => 19_418_000_000,
        2 or 3 or 4 => 25_781_000_000,
        5 => 14_062_000_000,
        6 => 26_562_000_000,
        7 => 53_125_000_000,
        _ => null,
    };
}
