using LlmOps.Hardware;

namespace LlmOps.Planning;

/// <summary>Says which GPUs are used, why, and what is left unused.</summary>
internal static class DeviceDecisions
{
    /// <summary>Notes the choice of devices and what it leaves.</summary>
    public static void Add(DecisionLog log, PlanFacts facts, PlacementChoice choice)
    {
        IReadOnlyList<PlanDevice> used = choice.Placement.Devices;
        string names = used.Count == 0 ? "none" : string.Join(", ", used.Select(device => device.Title));
        GpuDevice[] left = [.. facts.Request.Topology.Gpus.Where(gpu => used.All(device => device.Host is not null || device.Gpu != gpu))];
        log.Add("devices", names, Why(facts, choice, left), choice.Rejected, facts.Pins.Devices is not null);
        if (used.Count > 0)
        {
            string free = string.Join(", ", choice.Memory.Devices.Select((device, at) => $"{Bytes.Format(Math.Max(0, device.FreeAfterBytes))} of {used[at].Title} {used[at].Gpu.Index}"));
            string whole = left.Length == 0 ? string.Empty : $"; all of {string.Join(", ", left.Select(gpu => $"{gpu.Name} {gpu.Index}"))}";
            log.Add("unused", free + whole, "memory that this plan leaves beyond its headroom: room for a second server, a longer context or a better quantisation", []);
        }

        if (Memory.ComparedArchitectures.Reason(facts.Model) is { } reason)
        {
            log.Add("memoryMargin", "25 % of scratch memory", reason, []);
        }
    }

    private static string Why(PlanFacts facts, PlacementChoice choice, GpuDevice[] left)
    {
        int used = choice.Placement.Devices.Count;
        int there = facts.Request.Topology.Gpus.Count;
        if (used == 0 && there > 0 && facts.Engine is { Devices.Count: 0 } engine)
        {
            return $"{engine.Path} was built without support for this machine's GPUs; it runs on the processor";
        }

        string unused = left.Length > 0 && used > 0 ? $"; {left.Length} of {there} GPUs stay unused" : string.Empty;
        return (used == 0 && there == 0 ? "this machine has no GPU" : choice.Why) + unused;
    }
}
