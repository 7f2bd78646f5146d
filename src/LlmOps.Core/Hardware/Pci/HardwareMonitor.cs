namespace LlmOps.Hardware.Pci;

/// <summary>Sensors of a device that the kernel's hwmon shows.</summary>
internal sealed record HardwareMonitor
{
    public int? TemperatureCelsius { get; private init; }

    public double? PowerWatts { get; private init; }

    public double? PowerLimitWatts { get; private init; }

    public GpuPowerRange? PowerRange { get; private init; }

    /// <summary>Reads the sensors below a device's folder. hwmon counts in thousandths of a degree and millionths of a watt.</summary>
    public static HardwareMonitor Find(SystemFiles files, string deviceFolder)
    {
        foreach ((string name, int _) in files.ListNumbered(deviceFolder + "/hwmon", "hwmon"))
        {
            string folder = $"{deviceFolder}/hwmon/{name}/";
            GpuPowerRange range = new()
            {
                DefaultWatts = files.ReadNumber(folder + "power1_cap_default") / 1e6,
                MinimumWatts = files.ReadNumber(folder + "power1_cap_min") / 1e6,
                MaximumWatts = files.ReadNumber(folder + "power1_cap_max") / 1e6,
            };
            return new HardwareMonitor
            {
                TemperatureCelsius = (int?)(files.ReadNumber(folder + "temp1_input") / 1000),
                PowerWatts = (files.ReadNumber(folder + "power1_average") ?? files.ReadNumber(folder + "power1_input")) / 1e6,
                PowerLimitWatts = files.ReadNumber(folder + "power1_cap") / 1e6,
                PowerRange = range == new GpuPowerRange() ? null : range,
            };
        }

        return new HardwareMonitor();
    }
}
