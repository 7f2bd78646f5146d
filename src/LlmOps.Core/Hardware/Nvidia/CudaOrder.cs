namespace LlmOps.Hardware.Nvidia;

/// <summary>Estimates how CUDA numbers GPUs in its default order.</summary>
/// <remarks>
/// CUDA's programming guide says of <c>FASTEST_FIRST</c> only that it guesses by "a simple heuristic" which GPU is fastest. Cores × highest
/// clock is what that guess is about; equal GPUs stay in bus order. It stays a guess: programs that must hit one GPU select by UUID, or set
/// <c>CUDA_DEVICE_ORDER=PCI_BUS_ID</c>, under which the number is certain.
/// </remarks>
internal static class CudaOrder
{
    /// <summary>The GPUs with <see cref="GpuDevice.CudaIndexFastestFirst"/>; unchanged when they differ and one of them does not tell its speed.</summary>
    public static IReadOnlyList<GpuDevice> Add(IReadOnlyList<GpuDevice> gpus)
    {
        List<GpuDevice> counted = [];
        foreach (GpuDevice gpu in gpus)
        {
            if (gpu.CudaIndex is not null)
            {
                counted.Add(gpu);
            }
        }

        bool areAlike = counted.TrueForAll(gpu => gpu.Name == counted[0].Name);
        if (counted.Count == 0 || (!areAlike && !counted.TrueForAll(gpu => Speed(gpu) is not null)))
        {
            return gpus;
        }

        GpuDevice[] ordered = [.. gpus];
        for (int position = 0; position < ordered.Length; position++)
        {
            GpuDevice gpu = ordered[position];
            if (gpu.CudaIndex is { } own)
            {
                int before = counted.FindAll(other => IsBefore(other, gpu, areAlike) || (IsEqual(other, gpu, areAlike) && other.CudaIndex < own)).Count;
                ordered[position] = gpu with { CudaIndexFastestFirst = before };
            }
        }

        return ordered;
    }

    private static bool IsBefore(GpuDevice other, GpuDevice gpu, bool areAlike) => !areAlike && Speed(other) > Speed(gpu);

    private static bool IsEqual(GpuDevice other, GpuDevice gpu, bool areAlike) => areAlike || Speed(other) == Speed(gpu);

    private static long? Speed(GpuDevice gpu) => (long?)gpu.Cores * gpu.Clocks?.MaxGraphicsMhz;
}
