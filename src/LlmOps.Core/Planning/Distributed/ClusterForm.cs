using LlmOps.Configuration;
using LlmOps.Engines;
using LlmOps.Engines.Vllm;

namespace LlmOps.Planning.Distributed;

/// <summary>Decides how several machines work together, and at which port they meet.</summary>
internal static class ClusterForm
{
    /// <summary>The ports that each form's own documentation uses.</summary>
    private static readonly Dictionary<string, int> s_ports = new() { [ClusterForms.Native] = 29501, [ClusterForms.Ray] = 6379, [ClusterForms.Kubernetes] = 29501, [ClusterForms.Rpc] = 50052 };

    /// <summary>The form for llama.cpp, which has one.</summary>
    /// <exception cref="LlmOpsException">Another one was asked for; id <c>ClusterFormUnsupported</c>.</exception>
    public static string ForLlamaCpp(PlanRequest request) => Asked(request) is null or ClusterForms.Rpc ? ClusterForms.Rpc
        : throw new LlmOpsException($"llama.cpp works on several machines by rpc-server only, not by '{request.Cluster}'; use rpc, or a model folder with vLLM", "ClusterFormUnsupported");

    /// <summary>The form for vLLM, and why.</summary>
    /// <exception cref="LlmOpsException">The version, or vLLM as such, cannot do what was asked for; id <c>ClusterFormUnsupported</c>.</exception>
    public static (string Form, string Reason) ForVllm(PlanRequest request, EngineCapabilities engine)
    {
        bool hasNodes = VllmOptions.Nodes.Renderer.CanRender(VllmOptions.Nodes, 2L, engine);
        return Asked(request) switch
        {
            ClusterForms.Rpc => throw new LlmOpsException("rpc is llama.cpp's way to several machines; vLLM has native, ray and kubernetes", "ClusterFormUnsupported"),
            ClusterForms.Native or ClusterForms.Kubernetes when !hasNodes =>
                throw new LlmOpsException($"vLLM {engine.Version} has no --nnodes ({VllmFlags.Versions("--nnodes")} have it), which '{request.Cluster}' needs; use ray, or a later version", "ClusterFormUnsupported"),
            { } asked => (asked, "as asked"),
            null when hasNodes => (ClusterForms.Native, "vLLM starts its own processes on each machine; nothing else has to be installed"),
            null => (ClusterForms.Ray, $"vLLM {engine.Version} has no launch of its own over several machines ({VllmFlags.Versions("--nnodes")} have)"),
        };
    }

    /// <summary>The port.</summary>
    public static int Port(PlanRequest request, string form) => request.ClusterPort ?? s_ports[form];

    private static string? Asked(PlanRequest request) => request.Cluster?.ToLowerInvariant() switch
    {
        null or "auto" => null,
        { } form when ClusterForms.All.Contains(form) => form,
        _ => throw new LlmOpsException($"there is no way '{request.Cluster}' for several machines to work together; use auto, {string.Join(", ", ClusterForms.All)}", "ClusterFormUnsupported"),
    };
}
