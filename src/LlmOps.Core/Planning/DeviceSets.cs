using System.Globalization;
using LlmOps.Engines.LlamaCpp;

namespace LlmOps.Planning;

/// <summary>The sets of GPUs that are tried, fewest first.</summary>
internal static class DeviceSets
{
    /// <summary>Single GPUs, the fastest first; then the two with most free memory, then three, and so on; in the order of the machine within a set.</summary>
    /// <param name="devices">Candidates, most free memory first.</param>
    /// <param name="start">What is pinned of the placement.</param>
    /// <param name="facts">What is fixed.</param>
    public static IReadOnlyList<IReadOnlyList<PlanDevice>> Of(IReadOnlyList<PlanDevice> devices, Placement start, PlanFacts facts)
    {
        PlanDevice[] remote = [.. devices.Where(device => device.Host is not null)];
        if (remote.Length == 0)
        {
            return Here(devices, start, facts);
        }

        // The network is the slowest link of all: other machines come last, as few as must. The machine of the server holds the last layers and the
        // output, so that logits do not cross the network; llama.cpp puts the devices of rpc-servers first for the same reason (src/llama.cpp).
        PlanDevice[] here = [.. devices.Where(device => device.Host is null)];
        List<IReadOnlyList<PlanDevice>> sets = [.. here.Length == 0 ? [] : Here(here, start, facts)];
        for (int count = 1; count <= remote.Length && !start.SplitsNothing; count++)
        {
            sets.Add([.. remote.Take(count), .. here.OrderBy(device => device.Gpu.Index)]);
        }

        return sets.Exists(set => set.Count >= start.Shares.Count) ? [.. sets.Where(set => set.Count >= start.Shares.Count)] : sets;
    }

    private static List<IReadOnlyList<PlanDevice>> Here(IReadOnlyList<PlanDevice> devices, Placement start, PlanFacts facts)
    {
        bool sharesRows = facts.PinnedText(LlamaCppOptions.SplitMode) is "row" or "tensor";
        int named = Math.Max(facts.Pinned(LlamaCppOptions.MainGpu) ? start.MainDevice + 1 : 1, start.Overrides.Select(item => Number(item.Place) + 1).DefaultIfEmpty(1).Max());
        int least = Math.Min(devices.Count, Math.Max(named, Math.Max(start.Shares.Count, sharesRows ? 2 : 1)));
        int most = start.SplitsNothing ? least : start.Shares.Count > 0 ? Math.Min(devices.Count, Math.Max(start.Shares.Count, named)) : devices.Count;
        List<IReadOnlyList<PlanDevice>> sets = [];
        if (least == 1)
        {
            // Cards of one kind with the same room are the same to a plan; the first of the machine stands for them.
            sets.AddRange(devices
                .GroupBy(device => (device.Gpu.Name, device.FreeBytes))
                .Select(same => same.First())
                .OrderByDescending(device => DeviceSpeeds.BytesPerSecond(device.Gpu) ?? 0)
                .Select(device => (IReadOnlyList<PlanDevice>)[device]));
        }

        for (int count = Math.Max(2, least); count <= most; count++)
        {
            IEnumerable<PlanDevice> chosen = named > 1 ? devices.OrderBy(device => device.Gpu.Index) : devices;
            sets.Add([.. chosen.Take(count).OrderBy(device => device.Gpu.Index)]);
        }

        return sets;
    }

    // "CUDA1" as a place for tensors needs two GPUs in the order of the machine.
    private static int Number(string place)
    {
        string digits = place[place.TrimEnd("0123456789".ToCharArray()).Length..];
        return !TensorOverrides.IsHost(place) && int.TryParse(digits, CultureInfo.InvariantCulture, out int number) ? number : 0;
    }
}
