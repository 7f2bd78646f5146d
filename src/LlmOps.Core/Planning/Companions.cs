using LlmOps.Models;
using LlmOps.Planning.Memory;

namespace LlmOps.Planning;

/// <summary>What an engine loads beside the model: a projector for images, a draft model.</summary>
/// <param name="Projector">The projector; null without one.</param>
/// <param name="ProjectorOnGpu">Whether the projector goes to the first GPU.</param>
/// <param name="Draft">The draft model; null without one.</param>
/// <param name="DraftGpuLayers">Its layers on GPUs; null for all.</param>
internal sealed record Companions(ProjectorDescription? Projector, bool ProjectorOnGpu, ModelDescription? Draft, int? DraftGpuLayers)
{
    /// <summary>Nothing beside the model.</summary>
    public static Companions None { get; } = new(null, true, null, null);

    /// <summary>The placement with what is loaded beside the model.</summary>
    public Placement AddTo(Placement placement) => placement with
    {
        Projector = Projector,
        OffloadsProjector = ProjectorOnGpu,
        Draft = Draft is null ? null : new DraftModel(Draft, DraftGpuLayers),
    };
}
