using LlmOps.Engines.LlamaCpp;

namespace LlmOps.Configuration;

/// <summary>The image for a configuration that names none.</summary>
/// <remarks>Source: ggml-org/llama.cpp <c>docs/docker.md</c>.</remarks>
public static class ContainerImages
{
    /// <summary>The image that has support for the devices of <paramref name="config"/>.</summary>
    public static string For(ServerConfig config) => config.Image ?? (config.Engine == EngineNames.Vllm ? "vllm/vllm-openai:latest" : Choose(config.Devices).Image);

    /// <summary>The image for the devices, and why.</summary>
    public static (string Image, string Reason) Choose(IReadOnlyList<ConfigDevice> devices)
    {
        foreach ((string device, string image, string vendor) in LlamaCppImages.ByDevice)
        {
            if (devices.Any(used => used.Name.StartsWith(device, StringComparison.Ordinal)))
            {
                return (image, $"llama.cpp's own server image with support for {vendor} devices");
            }
        }

        return (LlamaCppImages.Processor, "llama.cpp's own server image for the processor");
    }
}
