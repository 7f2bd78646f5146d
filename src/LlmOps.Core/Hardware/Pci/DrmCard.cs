using LlmOps.Hardware.Machine;

namespace LlmOps.Hardware.Pci;

/// <summary>A graphics card as the kernel's DRM layer numbers it.</summary>
/// <param name="Folder">Its folder: <c>/sys/class/drm/card0</c>.</param>
/// <param name="Address">Its PCI address.</param>
/// <param name="DeviceId">Its PCI device id, four digits in lower case.</param>
/// <param name="Driver">The kernel driver bound to it.</param>
internal sealed record DrmCard(string Folder, PciAddress Address, string DeviceId, string? Driver)
{
    private const string Root = "/sys/class/drm";

    /// <summary>The PCI device's folder.</summary>
    public string DeviceFolder => Folder + "/device";

    /// <summary>The cards of one vendor (<c>0x1002</c>) in PCI bus order.</summary>
    public static IReadOnlyList<DrmCard> List(SystemFiles files, string vendorId)
    {
        List<DrmCard> cards = [];
        foreach ((string name, int _) in files.ListNumbered(Root, "card"))
        {
            string folder = $"{Root}/{name}";
            string events = files.ReadText(folder + "/device/uevent") ?? string.Empty;
            if (string.Equals(files.ReadValue(folder + "/device/vendor"), vendorId, StringComparison.OrdinalIgnoreCase)
                && PciAddress.Parse(KernelTables.ParseAssignment(events, "PCI_SLOT_NAME")) is { } address)
            {
                string device = files.ReadValue(folder + "/device/device") ?? "0x0000";
                cards.Add(new DrmCard(folder, address, device.Replace("0x", string.Empty, StringComparison.Ordinal), KernelTables.ParseAssignment(events, "DRIVER")));
            }
        }

        cards.Sort((a, b) => a.Address.CompareTo(b.Address));
        return cards;
    }

    /// <summary>Whether a display is driven from one of its connectors; null for a card without connectors.</summary>
    public bool? DisplayActive(SystemFiles files)
    {
        string prefix = Path.GetFileName(Folder) + "-";
        string[] connectors = [.. files.List(Root).Where(name => name.StartsWith(prefix, StringComparison.Ordinal))];
        return connectors.Length == 0 ? null : connectors.Any(name => files.ReadValue($"{Root}/{name}/enabled") == "enabled");
    }
}
