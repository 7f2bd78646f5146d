namespace LlmOps.Hardware.Nvidia;

/// <summary>Signs of NVIDIA hardware that need no library: they tell "no such GPU" from "a GPU without its driver".</summary>
internal static class NvidiaTraces
{
    private const string PciDevices = "/sys/bus/pci/devices";

    /// <summary>What shows that there is an NVIDIA GPU, as the start of a sentence; null when nothing does.</summary>
    public static string? Find(SystemFiles files)
    {
        if (files.Exists("/proc/driver/nvidia/version"))
        {
            return "The NVIDIA kernel driver is loaded";
        }

        foreach (string address in files.List(PciDevices))
        {
            // Class 03 is a display controller; NVIDIA's own sound and USB functions are of other classes.
            if (files.ReadValue($"{PciDevices}/{address}/vendor") == "0x10de"
                && files.ReadValue($"{PciDevices}/{address}/class")?.StartsWith("0x03", StringComparison.Ordinal) == true)
            {
                return $"The PCI bus has an NVIDIA GPU at {address}";
            }
        }

        return null;
    }
}
