using System.Globalization;
using LlmOps.Hardware;

namespace LlmOps.Diagnostics.Checks;

/// <summary>GPUs: there, free, and fit to compute.</summary>
internal static class GpuChecks
{
    private const double MuchOfIt = 0.10;

    /// <summary>The checks.</summary>
    public static IReadOnlyList<Check> All { get; } =
    [
        Check.OfFacts("gpu.present", "there is a GPU to compute on", Present),
        Check.OfFacts("gpu.memory-held", "nobody else holds much GPU memory; who does", MemoryHeld),
    ];

    private static Finding Present(CheckScope scope)
    {
        IReadOnlyList<GpuDevice> gpus = scope.Topology.Gpus;
        return gpus.Count > 0
            ? Finding.Pass(string.Create(CultureInfo.InvariantCulture, $"{gpus.Count} GPU(s) found"), string.Join("; ", gpus.Select(gpu => $"{gpu.Index}: {gpu.Name}, {Bytes.Format(gpu.MemoryTotalBytes)}")))
            : scope.Config is { Devices.Count: > 0 } config
                ? Finding.Fail("no GPU was found, and the configuration wants some", $"source: {scope.Topology.Source}; wanted: {string.Join(", ", config.Devices.Select(device => device.Name))}", "the engine would end, or run on the processor without saying so", "install the driver, or plan again for this machine")
                : Finding.Warn("no GPU was found; models run on the processor, 10 to 50 times slower", $"source: {scope.Topology.Source}", "generation reads all active weights for every token, and main memory is that much slower", "if a GPU is built in, install its driver; small models are fine without");
    }

    private static Finding MemoryHeld(CheckScope scope)
    {
        if (scope.Cards.Count == 0)
        {
            return Finding.Skip("there is no GPU");
        }

        List<string> held = [];
        List<int> holders = [];
        foreach (GpuDevice gpu in scope.Cards)
        {
            long used = gpu.MemoryTotalBytes - (gpu.MemoryReservedBytes ?? 0) - (gpu.MemoryFreeBytes ?? gpu.MemoryTotalBytes);
            if (used > gpu.MemoryTotalBytes * MuchOfIt)
            {
                held.Add($"GPU {gpu.Index}: {Bytes.Format(used)} by {(gpu.Processes.Count == 0 ? "unknown processes" : string.Join(", ", gpu.Processes.Select(process => $"{process.Name ?? "?"} ({process.ProcessId})")))}");
                holders.AddRange(gpu.Processes.Select(process => process.ProcessId));
            }
        }

        return held.Count == 0 ? Finding.Pass("no other process holds much GPU memory")
            : Finding.Warn(
                "GPU memory is held by other processes",
                string.Join("; ", held),
                "vLLM does not start when its share of a card is not free, and llama.cpp plans for what is left; workers of a server that crashed hold memory until they are ended",
                new Remedy("end them, or plan for what is left", [.. holders.Distinct().Select(pid => RemedyText.Run("kill", pid.ToString(CultureInfo.InvariantCulture)))]));
    }
}
