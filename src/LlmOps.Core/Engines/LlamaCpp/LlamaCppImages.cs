namespace LlmOps.Engines.LlamaCpp;

/// <summary>llama.cpp's own server images, by what they compute on.</summary>
/// <remarks>Source: ggml-org/llama.cpp <c>docs/docker.md</c>. A build is named by a suffix: <c>server-cuda-b6123</c>.</remarks>
internal static class LlamaCppImages
{
    /// <summary>The image that computes on the processor.</summary>
    public const string Processor = "ghcr.io/ggml-org/llama.cpp:server";

    /// <summary>A row for each kind of device: how the engine names it, the image, the vendor.</summary>
    public static IReadOnlyList<(string Device, string Image, string Vendor)> ByDevice { get; } =
    [
        ("CUDA", $"{Processor}-cuda", "NVIDIA"),
        ("ROCm", $"{Processor}-rocm", "AMD"),
        ("MUSA", $"{Processor}-musa", "Moore Threads"),
        ("SYCL", $"{Processor}-intel", "Intel"),
        ("Vulkan", $"{Processor}-vulkan", "Vulkan"),
    ];
}
