using LlmOps.Hardware;

namespace LlmOps.Diagnostics.Checks;

/// <summary>Drivers: installed, loaded, of one version, and new enough.</summary>
internal static class DriverChecks
{
    /// <summary>The checks.</summary>
    public static IReadOnlyList<Check> All { get; } =
    [
        Check.OfFacts("driver.loaded", "the driver of NVIDIA cards is loaded and answers", Loaded),
    ];

    private static Finding Loaded(CheckScope scope)
    {
        GpuTopology topology = scope.Topology;
        if (topology.Driver is { Version: not null } driver)
        {
            return Finding.Pass($"the NVIDIA driver {driver.Version} is loaded", driver.CudaVersion is null ? null : $"CUDA up to {driver.CudaVersion}");
        }

        const string Why = "without it the engine computes on the processor, and llama-server does so without failing";
        string? note = topology.Notes.FirstOrDefault(note => note.Contains("NVML", StringComparison.OrdinalIgnoreCase) || note.Contains("libnvidia-ml", StringComparison.Ordinal));
        return note is null ? Finding.Skip("no NVIDIA card was seen")
            : note.Contains("is not installed here", StringComparison.Ordinal) && topology.Host.IsContainer
                ? Finding.Fail("the container has an NVIDIA card and not its driver's library", note, Why, new Remedy("start the container with its GPUs (docker run --gpus all, podman run --device nvidia.com/gpu=all)"))
            : note.Contains("is not installed here", StringComparison.Ordinal)
                ? Finding.Fail("an NVIDIA card is here and its driver is not", note, Why, scope.Remedies.Driver("install the driver"))
                : Finding.Fail("an NVIDIA driver is installed but does not answer", note, Why, new Remedy("load its kernel module, or restart the machine after a driver update", RemedyText.Modprobe("nvidia", "nvidia_uvm")));
    }
}
