using System.Globalization;
using LlmOps.Engines.Install;
using LlmOps.Hardware;

namespace LlmOps.Engines.Vllm.Install;

/// <summary>Which vLLM a machine gets, and built for which CUDA.</summary>
internal static class VllmChoice
{
    /// <summary>The index of wheels that are not vLLM's default ones, by version and CUDA.</summary>
    private const string Wheels = "https://wheels.vllm.ai";

    /// <summary>PyTorch's index, by CUDA.</summary>
    private const string Torch = "https://download.pytorch.org/whl";

    /// <summary>The version and why; the one that was asked for, as it was written.</summary>
    /// <exception cref="LlmOpsException"><c>EngineVersionInvalid</c>: it is none.</exception>
    public static (string Version, string Reason) Version(InstallContext context)
    {
        if (context.Request.Version is { } asked)
        {
            return VllmVersion.Parse(asked) is not null ? (asked.TrimStart('v'), $"vLLM {asked} was asked for")
                : throw new LlmOpsException($"'{asked}' is no version of vLLM; write it as 0.21.0", "EngineVersionInvalid");
        }

        double lowest = context.Topology.Gpus.Select(Capability).Where(capability => capability > 0).DefaultIfEmpty(0).Min();
        return lowest is > 0 and < 8
            ? (VllmVersion.ForOldCards.ToString(), string.Create(CultureInfo.InvariantCulture, $"vLLM {VllmVersion.ForOldCards} is the last one known to serve eight-bit keys and values on compute capability {lowest:0.0}"))
            : (VllmVersion.Newest.ToString(), $"vLLM {VllmVersion.Newest} is the newest whose flags are known here");
    }

    /// <summary>The CUDA that the wheels are built for, and why.</summary>
    /// <remarks>
    /// The wheels of PyPI are built for 12.8 to 0.10, for 12.9 to 0.19, and for 13.0 since 0.20 (vllm issue 44335); 12.9 stays to be had from vLLM's own index.
    /// A driver of CUDA 12 runs every 12.x (NVIDIA's minor version compatibility), but no 13.
    /// </remarks>
    public static (string Cuda, string Reason) Cuda(InstallContext context, string version)
    {
        string own = OwnCuda(version);
        string? driver = context.Topology.Driver?.CudaVersion;
        return context.Request.Cuda is { } asked ? (asked, $"wheels for CUDA {asked} were asked for")
            : Major(driver) is { } major && major < Major(own) ? ("12.9", $"the driver runs CUDA {driver}, and vLLM {version}'s default wheels need {own}")
            : (own, driver is null ? $"vLLM {version}'s default wheels are for CUDA {own}; no NVIDIA driver was seen that could say otherwise" : $"the driver runs CUDA {driver}, which covers vLLM {version}'s default wheels for {own}");
    }

    /// <summary>The requirement and the indexes that give this version for this CUDA.</summary>
    public static (string Requirement, IReadOnlyList<string> Indexes) Wheel(string version, string cuda)
    {
        string variant = $"cu{cuda.Replace(".", string.Empty, StringComparison.Ordinal)}";
        return cuda == OwnCuda(version)
            ? ($"vllm=={version}", [$"{Torch}/{variant}"])
            : ($"vllm=={version}+{variant}", [$"{Wheels}/{version}/{variant}", $"{Torch}/{variant}"]);
    }

    private static string OwnCuda(string version) =>
        VllmVersion.Parse(version) is not { } known || known.IsAtLeast(20) ? "13.0" : known.IsAtLeast(11) ? "12.9" : "12.8";

    private static int? Major(string? cuda) => int.TryParse(cuda?.Split('.')[0], CultureInfo.InvariantCulture, out int major) ? major : null;

    private static double Capability(GpuDevice gpu) => double.TryParse(gpu.ComputeCapability, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double capability) ? capability : 0;
}
