using System.Diagnostics;
using LlmOps.Native.Nvml;

namespace LlmOps.Hardware.Nvidia;

/// <summary>Reads the changing figures of one GPU. PCIe rates come from counters, because the call for rates itself waits 20 ms for each.</summary>
internal sealed class NvmlGauge(NvmlDevice device, int index)
{
    private const uint GraphicsClock = 0;

    // NVML_FI_DEV_PCIE_COUNT_TX_BYTES and _RX_BYTES; drivers before 550 do not have them.
    private const uint PcieSent = 197;
    private const uint PcieReceived = 198;

    private readonly NvmlFieldValue[] _fields = [new() { Field = PcieSent }, new() { Field = PcieReceived }];
    private long _before;
    private ulong? _sentBefore;
    private ulong? _receivedBefore;

    public GpuSample Read(DateTimeOffset at)
    {
        NvmlUtilization? use = device.Utilization.OrNull;
        (long? sent, long? received) = ReadPcie();
        return new GpuSample
        {
            At = at,
            Index = index,
            UtilizationPercent = (int?)use?.Gpu,
            MemoryUtilizationPercent = (int?)use?.Memory,
            MemoryUsedBytes = (long?)(device.MemoryV2.OrNull?.Used ?? device.MemoryV1.OrNull?.Used),
            PowerWatts = device.PowerMilliwatts.OrNull / 1000.0,
            TemperatureCelsius = (int?)device.TemperatureCelsius.OrNull,
            GraphicsMhz = (int?)device.Clock(GraphicsClock).OrNull,
            ClockLimits = device.ClockReasons.OrNull is { } reasons ? ClockReasons.Names(reasons) : null,
            PcieSentBytesPerSecond = sent,
            PcieReceivedBytesPerSecond = received,
        };
    }

    private (long? Sent, long? Received) ReadPcie()
    {
        if (device.FieldValues(_fields) != NvmlStatus.Success)
        {
            return (null, null);
        }

        long now = Stopwatch.GetTimestamp();
        double seconds = Stopwatch.GetElapsedTime(_before, now).TotalSeconds;
        long? sent = Rate(_fields[0], _sentBefore, seconds);
        long? received = Rate(_fields[1], _receivedBefore, seconds);
        (_before, _sentBefore, _receivedBefore) = (now, _fields[0].Number, _fields[1].Number);
        return (sent, received);
    }

    /// <summary>Counters of 32 bits wrap every few hundred milliseconds on a busy link; the difference is right as long as they did so once.</summary>
    internal static long? Rate(NvmlFieldValue field, ulong? before, double seconds) =>
        field.Number is not { } now || before is not { } then || seconds <= 0 ? null
        : (long)((field.IsNarrow ? (uint)now - (uint)then : now - then) / seconds);
}
