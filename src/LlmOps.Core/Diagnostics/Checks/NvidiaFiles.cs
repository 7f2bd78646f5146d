using System.Text.RegularExpressions;
using LlmOps.Hardware;
using LlmOps.Hardware.Nvidia;

namespace LlmOps.Diagnostics.Checks;

/// <summary>What files tell of NVIDIA's driver without asking it.</summary>
internal static partial class NvidiaFiles
{
    private static readonly string[] s_libraryFolders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib/aarch64-linux-gnu", "/usr/lib"];

    /// <summary>Whether there is an NVIDIA card, with or without a driver.</summary>
    public static bool HasCard(CheckScope scope, SystemFiles files) => scope.Topology.Gpus.Any(gpu => gpu.Vendor == GpuVendor.Nvidia) || NvidiaTraces.Find(files) is not null;

    /// <summary>The version of the kernel module that is loaded; null without one.</summary>
    /// <remarks>"NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.65.06  Sun Jul 27 …", "… Open Kernel Module for x86_64  580.65.06  Release Build …".</remarks>
    public static string? KernelVersion(SystemFiles files) => files.ReadText("/proc/driver/nvidia/version") is { } text && Version().Match(text) is { Success: true } match ? match.Value : null;

    /// <summary>The version in the name of the driver's library; null when it is not where libraries are.</summary>
    public static string? LibraryVersion(SystemFiles files)
    {
        foreach (string folder in s_libraryFolders)
        {
            foreach (string name in files.List(folder))
            {
                if (name.StartsWith("libnvidia-ml.so.", StringComparison.Ordinal) && Version().Match(name) is { Success: true } match)
                {
                    return match.Value;
                }
            }
        }

        return null;
    }

    [GeneratedRegex(@"\b\d{3}\.\d{1,3}(\.\d{1,3})?\b")]
    private static partial Regex Version();
}
