namespace LlmOps.Hardware.Nvidia;

/// <summary>Names why clocks are not at their highest.</summary>
/// <remarks>Source: the nvmlClocksEventReason and nvmlClocksThrottleReason bits of nvml.h.</remarks>
internal static class ClockReasons
{
    private static readonly string[] ByBit =
    [
        "GpuIdle", "ApplicationsClocksSetting", "SwPowerCap", "HwSlowdown", "SyncBoost", "SwThermalSlowdown", "HwThermalSlowdown",
        "HwPowerBrakeSlowdown", "DisplayClockSetting",
    ];

    /// <summary>The names of the bits that are set, those without a name left out.</summary>
    public static IReadOnlyList<string> Names(ulong bits)
    {
        List<string> names = [];
        for (int bit = 0; bit < ByBit.Length; bit++)
        {
            if ((bits & (1UL << bit)) != 0)
            {
                names.Add(ByBit[bit]);
            }
        }

        return names;
    }
}
