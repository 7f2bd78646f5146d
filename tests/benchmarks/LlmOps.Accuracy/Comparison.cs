using LlmOps.Hardware;
using LlmOps.Models;
using LlmOps.Planning;
using LlmOps.Planning.Memory;

namespace LlmOps.Accuracy;

/// <summary>One device of one case: measured beside predicted.</summary>
internal sealed record Comparison(MeasuredCase Case, MeasuredDevice Measured, double Model, double Context, double Compute)
{
    public bool IsHost => Measured.Name == "Host";

    public double Total => Model + Context + Compute;

    /// <summary>Share by which the prediction misses; what differs by less than 4 MiB does not matter.</summary>
    public static double Error(double predicted, double measured) =>
        Math.Abs(predicted - measured) <= 4 ? 0 : (predicted - measured) / Math.Max(measured, 1);

    public static double ExactError(double predicted, double measured) => (predicted - measured) / Math.Max(measured, 1);

    /// <summary>Compares all devices of a case.</summary>
    public static IEnumerable<Comparison> Of(MeasuredCase measured, ModelDescription model)
    {
        Placement placement = measured.ToPlacement(model);
        MemoryPlan plan = MemoryModel.Estimate(model, placement, new HostInfo());
        if (measured.SchedulerCopies is { } copies && placement.Devices.Count > 0 && (copies > 1) != ComputeBuffers.IsPipelined(model, placement))
        {
            Console.WriteLine($"case {measured.Id}: {copies} scheduler copies, not as predicted ({measured.Model} {measured.Flags})");
        }

        foreach (MeasuredDevice device in measured.Devices)
        {
            if (device.Name == "Host")
            {
                yield return new Comparison(measured, device, MiB(plan.Host.WeightsBytes), MiB(plan.Host.KvCacheBytes + plan.Host.RecurrentBytes), MiB(plan.Host.ComputeBytes));
            }
            else if (plan.Devices.FirstOrDefault(item => item.Name == device.Name) is { } memory)
            {
                yield return new Comparison(measured, device, MiB(memory.WeightsBytes), MiB(memory.KvCacheBytes + memory.RecurrentBytes), MiB(memory.ComputeBytes));
            }
        }

        static double MiB(long bytes) => (double)bytes / Bytes.MiB;
    }
}
