using LlmOps.Engines.LlamaCpp;
using LlmOps.Models;
using LlmOps.Planning.Memory;

namespace LlmOps.Planning;

/// <summary>Reads the files that are pinned beside the model.</summary>
internal static class CompanionFiles
{
    /// <summary>What is loaded beside the model. A file that is not on this machine counts nothing; the plan says so.</summary>
    /// <exception cref="ModelFormatException">The draft model, or the projector, is none.</exception>
    public static Companions Read(PlanFacts facts)
    {
        string? projector = facts.PinnedText(LlamaCppOptions.Projector);
        string? draft = facts.PinnedText(LlamaCppOptions.DraftModel);
        if (projector is null && draft is null)
        {
            return Companions.None;
        }

        return new Companions(
            projector is not null && File.Exists(projector) ? ProjectorDescription.Read(projector) : null,
            facts.PinnedSwitch(LlamaCppOptions.ProjectorOffload) ?? true,
            draft is not null && File.Exists(draft) ? ModelReader.Read(draft) : null,
            (int?)facts.PinnedNumber(LlamaCppOptions.DraftGpuLayers));
    }
}
