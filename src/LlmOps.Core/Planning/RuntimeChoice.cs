using LlmOps.Configuration;

namespace LlmOps.Planning;

/// <summary>Decides how the engine runs.</summary>
internal static class RuntimeChoice
{
    /// <summary>The runtime: the one asked for, docker for an image, else a process.</summary>
    /// <exception cref="LlmOpsException">An image is named for a runtime that has none; id <c>RuntimeMismatch</c>.</exception>
    public static string Runtime(PlanRequest request, DecisionLog log)
    {
        if (request.Image is not null && request.Runtime is not (null or RuntimeNames.Docker))
        {
            throw new LlmOpsException($"an image ('{request.Image}') is for the runtime docker, not for {request.Runtime}; leave one of them out", "RuntimeMismatch");
        }

        if (request.Cluster == ClusterForms.Kubernetes)
        {
            log.Add("runtime", RuntimeNames.Docker, "pods run the image", []);
            return RuntimeNames.Docker;
        }

        string runtime = request.Runtime ?? (request.Image is null ? RuntimeNames.Process : RuntimeNames.Docker);
        string reason = request.Runtime is not null ? "as asked"
            : request.Image is not null ? "an image was named"
            : "nothing else is needed for it: LlmOps supervises the process itself";
        log.Add("runtime", runtime, reason, [], request.Runtime is not null);
        return runtime;
    }

    /// <summary>The image: the one asked for, else llama.cpp's own one for the devices; null where none is needed.</summary>
    public static string? Image(PlanRequest request, string runtime, IReadOnlyList<ConfigDevice> devices, DecisionLog log)
    {
        if (runtime != RuntimeNames.Docker)
        {
            return null;
        }

        (string image, string reason) = request.Image is { } named ? (named, "as asked") : ContainerImages.Choose(devices);
        log.Add("image", image, reason, [], request.Image is not null);
        return image;
    }
}
