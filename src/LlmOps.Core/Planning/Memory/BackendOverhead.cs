namespace LlmOps.Planning.Memory;

/// <summary>What a backend takes on a device for itself: contexts, libraries' workspaces, compiled kernels.</summary>
/// <remarks>No figure of the engine contains it; llama.cpp shows it as <c>unaccounted</c> once it runs.</remarks>
internal static class BackendOverhead
{
    // Row by row: the name's beginning, the bytes, and who says so.
    private static readonly (string Prefix, long Bytes, string Source)[] s_known =
    [
        ("CUDA", 330 * Bytes.MiB, "CUDA context and cuBLAS: 320-330 MiB, measured by unslothai/unsloth"),
        ("ROCm", 457 * Bytes.MiB, "HIP context and rocBLAS: the 457 MiB that ollama/ollama keeps free at least"),
        ("Vulkan", 64 * Bytes.MiB, "pipelines, descriptors and staging buffer of a Vulkan device: an allowance, not measured"),
        ("RPC", 330 * Bytes.MiB, "the backend of the machine that it is in"),
        ("SYCL", 330 * Bytes.MiB, "oneAPI context: taken to be as large as CUDA's, not measured"),
    ];

    /// <summary>Bytes for the device that the engine calls <paramref name="device"/>; 0 for a backend without one of its own.</summary>
    public static long Of(string device) => Find(device).Bytes;

    /// <summary>Where the figure comes from.</summary>
    public static string Source(string device) => Find(device).Source;

    private static (string Prefix, long Bytes, string Source) Find(string device)
    {
        foreach ((string Prefix, long Bytes, string Source) row in s_known)
        {
            if (device.StartsWith(row.Prefix, StringComparison.Ordinal))
            {
                return row;
            }
        }

        return (string.Empty, 0, "no overhead is known for this backend");
    }
}
