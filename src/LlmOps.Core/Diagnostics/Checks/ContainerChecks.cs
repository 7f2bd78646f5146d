using LlmOps.Hardware;

namespace LlmOps.Diagnostics.Checks;

/// <summary>Containers, and Windows' Linux subsystem.</summary>
internal static class ContainerChecks
{
    /// <summary>The checks.</summary>
    public static IReadOnlyList<Check> All { get; } =
    [
        Check.OfFacts("container.memory-limit", "a memory limit of the control group is known to plans", MemoryLimit),
        Check.OfFacts("container.wsl", "the limits of Windows' Linux subsystem", Wsl),
    ];

    private static Finding MemoryLimit(CheckScope scope)
    {
        HostInfo host = scope.Host;
        return host.Memory.LimitBytes is { } limit ? Finding.Pass("a memory limit applies and plans keep to it", Bytes.Format(limit))
            : host.IsContainer ? Finding.Pass("this is a container without a memory limit") : Finding.Skip("this is no container");
    }

    private static Finding Wsl(CheckScope scope) => !scope.Host.IsWsl ? Finding.Skip("this is not Windows' Linux subsystem")
        : Finding.Warn(
            "this is Windows' Linux subsystem (WSL)",
            scope.Host.Memory.TotalBytes is { } total ? $"{Bytes.Format(total)} of memory; kernel {scope.Host.Kernel}" : scope.Host.Kernel,
            "it gets half of the machine's memory unless told otherwise, GPUs cannot reach each other directly, vLLM does without pinned memory (its line 'Using pin_memory=False as WSL is detected' is no fault), and servers run slower than under Linux itself",
            "in Windows, set memory= under [wsl2] in %UserProfile%\\.wslconfig, then 'wsl --shutdown'; keep models on the Linux disk, not below /mnt/c");
}
