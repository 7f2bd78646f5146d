using System.Globalization;
using LlmOps.Servers;

namespace LlmOps.Planning;

/// <summary>What earlier starts of the same model with the same engine allocated on this machine's GPUs, beside what their plans said.</summary>
/// <param name="loads">Those starts, newest first.</param>
/// <remarks>
/// A plan that said too little gets the difference as further headroom. One that said too much is only cited: it may have been for another
/// context. Main memory is left alone, because what the engine maps there is not what it takes.
/// </remarks>
internal sealed class LoadExperience(IReadOnlyList<MeasuredLoad> loads)
{
    /// <summary>The device with as much less to count on as its worst plan was too low.</summary>
    public PlanDevice Correct(PlanDevice device) =>
        Worst(device) is { } worst && Excess(worst.Allocation) is > 0 and var excess ? device with { FreeBytes = device.FreeBytes - excess } : device;

    /// <summary>Notes what is known of the devices that a plan uses.</summary>
    public void Explain(IReadOnlyList<PlanDevice> devices, DecisionLog log)
    {
        foreach (PlanDevice device in devices)
        {
            if (Worst(device) is not { } worst)
            {
                continue;
            }

            long excess = Excess(worst.Allocation);
            string at = worst.Load.At.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
            string seen = $"the start of {at} UTC with this engine allocated {Bytes.Format(worst.Allocation.ActualBytes)} on {device.Title} {device.Gpu.Index.ToString(CultureInfo.InvariantCulture)} where {Bytes.Format(worst.Allocation.PlannedBytes!.Value)} were planned";
            log.Add(
                "measured",
                excess > 0 ? $"{device.Name} +{Bytes.Format(excess)} headroom" : $"{device.Name} as planned",
                excess > 0 ? $"{seen}, so that much more stays free" : $"{seen}; nothing to correct",
                []);
        }
    }

    private (MeasuredLoad Load, DeviceAllocation Allocation)? Worst(PlanDevice device)
    {
        (MeasuredLoad Load, DeviceAllocation Allocation)? worst = null;
        foreach (MeasuredLoad load in loads)
        {
            foreach (DeviceAllocation allocation in load.Devices)
            {
                if (device.Host is null && allocation is { PlannedBytes: not null, IsHost: false, ActualBytes: > 0 } && IsOf(device, allocation)
                    && (worst is null || Excess(allocation) > Excess(worst.Value.Allocation)))
                {
                    worst = (load, allocation);
                }
            }
        }

        return worst;
    }

    // The engine's names depend on which GPUs it is shown; they tell only where a GPU has no identity of its own.
    private static bool IsOf(PlanDevice device, DeviceAllocation allocation) =>
        allocation.Uuid == device.Gpu.Uuid && (allocation.Uuid is not null || allocation.Device == device.Name);

    private static long Excess(DeviceAllocation allocation) => allocation.ActualBytes - allocation.PlannedBytes!.Value;
}
