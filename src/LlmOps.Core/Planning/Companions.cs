using LlmOps.Hardware;
using LlmOps.Models;

namespace LlmOps.Planning;

/// <summary>What an engine loads beside the model: a projector for images, a draft model, the model's own next-token layers.</summary>
/// <param name="ProjectorBytes">Size of the projector's file; 0 without one.</param>
/// <param name="ProjectorOnGpu">Whether the projector goes to the first GPU.</param>
/// <param name="Draft">The draft model; null without one.</param>
/// <param name="DraftGpuLayers">Its layers on GPUs; null for all.</param>
internal sealed record Companions(long ProjectorBytes, bool ProjectorOnGpu, ModelDescription? Draft, int? DraftGpuLayers)
{
    /// <summary>Nothing beside the model.</summary>
    public static Companions None { get; } = new(0, true, null, null);

    // A projector in use takes 1.3 to 1.4 times its file: unslothai/unsloth studio/backend/core/inference/llama_cpp.py.
    private const double ProjectorScratch = 0.4;

    // The graph of next-token layers, by the same source.
    private const long NextTokenScratch = 224 * Bytes.MiB;

    /// <summary>The plan with what is loaded beside the model added.</summary>
    public MemoryPlan AddTo(MemoryPlan plan, Placement placement, HostInfo host)
    {
        if (ProjectorBytes > 0)
        {
            plan = ProjectorOnGpu && plan.Devices.Count > 0
                ? AddDevice(plan, placement.MainDevice, ProjectorBytes, 0, (long)(ProjectorBytes * ProjectorScratch))
                : AddHost(plan, ProjectorBytes, 0, (long)(ProjectorBytes * ProjectorScratch));
        }

        if (Draft is not null)
        {
            plan = AddDraft(plan, placement, host);
        }

        return placement.DraftsNextTokens && plan.Devices.Count > 0 ? AddDevice(plan, plan.Devices.Count - 1, 0, 0, NextTokenScratch) : plan;
    }

    // The draft model has the same context and slots as the model; its cache has full precision unless told otherwise.
    private MemoryPlan AddDraft(MemoryPlan plan, Placement placement, HostInfo host)
    {
        Placement beside = placement with
        {
            GpuLayers = Math.Min(DraftGpuLayers ?? int.MaxValue, Draft!.LayerCount + 1),
            Shares = [],
            CpuMoeLayers = 0,
            TypeK = "f16",
            TypeV = "f16",
            DraftsNextTokens = false,
            DraftTokens = 0,
        };
        MemoryPlan draft = MemoryModel.Estimate(Draft, beside, host);
        for (int at = 0; at < plan.Devices.Count; at++)
        {
            DeviceMemory device = draft.Devices[at];
            plan = AddDevice(plan, at, device.WeightsBytes, device.KvCacheBytes + device.RecurrentBytes, device.ComputeBytes);
        }

        return AddHost(plan, draft.Host.WeightsBytes, draft.Host.KvCacheBytes + draft.Host.RecurrentBytes, draft.Host.ComputeBytes);
    }

    private static MemoryPlan AddDevice(MemoryPlan plan, int at, long weights, long cache, long compute)
    {
        DeviceMemory device = plan.Devices[at];
        DeviceMemory more = device with
        {
            WeightsBytes = device.WeightsBytes + weights,
            KvCacheBytes = device.KvCacheBytes + cache,
            ComputeBytes = device.ComputeBytes + compute,
            FreeAfterBytes = device.FreeAfterBytes - weights - cache - compute,
        };
        return plan with { Devices = [.. plan.Devices.Select((other, place) => place == at ? more : other)] };
    }

    private static MemoryPlan AddHost(MemoryPlan plan, long weights, long cache, long compute) => plan with
    {
        Host = plan.Host with
        {
            WeightsBytes = plan.Host.WeightsBytes + weights,
            KvCacheBytes = plan.Host.KvCacheBytes + cache,
            ComputeBytes = plan.Host.ComputeBytes + compute,
            FreeAfterBytes = plan.Host.FreeAfterBytes - weights - cache - compute,
        },
    };
}
