using LlmOps.Native.Nvml;

namespace LlmOps.Hardware.Nvidia;

/// <summary>Asks NVML for what a plan does not need but a person wants to see. An answer that fails is null, without a note.</summary>
internal sealed class NvmlDetails(NvmlDevice device)
{
    // nvmlClockType_t.
    private const uint Graphics = 0;
    private const uint Multiprocessor = 1;
    private const uint Memory = 2;

    // nvmlMemoryErrorType_t.
    private const uint Corrected = 0;
    private const uint Uncorrected = 1;

    public GpuDevice AddTo(GpuDevice gpu)
    {
        NvmlBar1Memory? window = device.Bar1.OrNull;
        GpuClocks clocks = new()
        {
            GraphicsMhz = (int?)device.Clock(Graphics).OrNull,
            SmMhz = (int?)device.Clock(Multiprocessor).OrNull,
            MemoryMhz = (int?)device.Clock(Memory).OrNull,
            MaxGraphicsMhz = (int?)device.MaxClock(Graphics).OrNull,
            MaxMemoryMhz = (int?)device.MaxClock(Memory).OrNull,
        };
        int? busWidth = (int?)device.MemoryBusWidth.OrNull;
        return gpu with
        {
            Bar1TotalBytes = (long?)window?.Total,
            Bar1FreeBytes = (long?)window?.Free,
            MemoryBusWidthBits = busWidth,
            MemoryBandwidthBytesPerSecond = busWidth / 8L * clocks.MaxMemoryMhz * 2 * 1_000_000,
            Cores = (int?)device.Cores.OrNull,
            DisplayAttached = device.DisplayAttached.OrNull is { } attached ? attached != 0 : null,
            ComputeMode = ComputeModeName(device.ComputeMode.OrNull),
            PersistenceMode = device.PersistenceMode.OrNull is { } persistence ? persistence != 0 : null,
            Ecc = ReadEcc(),
            Clocks = clocks == new GpuClocks() ? null : clocks,
            ThrottleReasons = device.ClockReasons.OrNull is { } reasons ? ClockReasons.Names(reasons) : null,
            PowerRange = ReadPowerRange(),
            NvlinksDown = NvLinkPorts.Read(device).Down is > 0 and var down ? down : null,
        };
    }

    private GpuEcc? ReadEcc() => device.EccMode.OrNull is not { } mode ? null : new GpuEcc
    {
        Enabled = mode.First != 0,
        Pending = mode.Second != 0,
        CorrectedErrors = mode.First == 0 ? null : (long?)device.EccErrors(Corrected).OrNull,
        UncorrectedErrors = mode.First == 0 ? null : (long?)device.EccErrors(Uncorrected).OrNull,
    };

    private GpuPowerRange? ReadPowerRange()
    {
        (int First, int Second)? range = device.PowerRangeMilliwatts.OrNull;
        GpuPowerRange power = new()
        {
            DefaultWatts = device.PowerDefaultMilliwatts.OrNull / 1000.0,
            MinimumWatts = range?.First / 1000.0,
            MaximumWatts = range?.Second / 1000.0,
        };
        return power == new GpuPowerRange() ? null : power;
    }

    /// <summary>Names an nvmlComputeMode_t number.</summary>
    private static string? ComputeModeName(uint? mode) => mode switch
    {
        0 => "Default",
        1 => "ExclusiveThread",
        2 => "Prohibited",
        3 => "ExclusiveProcess",
        _ => null,
    };
}
