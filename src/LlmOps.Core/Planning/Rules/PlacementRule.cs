using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;

namespace LlmOps.Planning.Rules;

/// <summary>How many layers go to GPUs, how several GPUs share them, and whose experts stay in main memory.</summary>
internal sealed class PlacementRule : IOptionRule
{
    /// <inheritdoc/>
    public OptionSet Apply(OptionSet options, PlanFacts facts, TunedPlacement tuned, DecisionLog log)
    {
        Placement placement = tuned.Placement;
        if (placement.Devices.Count == 0)
        {
            return options;
        }

        int layers = facts.Model.LayerCount;
        options = log.Set(
            options,
            LlamaCppOptions.GpuLayers,
            placement.GpuLayers,
            placement.GpuLayers > layers ? $"all {layers} layers and the output are on GPUs" : tuned.Choice.Why,
            placement.GpuLayers > layers ? [] : [$"{layers + 1}: all of them do not fit"]);
        if (placement.Devices.Count == 1)
        {
            options = log.Set(options, LlamaCppOptions.SplitMode, "none", "one GPU holds everything", "layer: there is nothing to share out");
        }
        else
        {
            options = log.Set(options, LlamaCppOptions.SplitMode, "layer", "whole layers a GPU need the least traffic between cards", Rejected(facts));
            options = log.Set(
                options,
                LlamaCppOptions.TensorSplit,
                placement.Shares,
                $"layers on each GPU, the output counted as one: shared out so that each GPU is about as full as the others ({string.Join(", ", tuned.Choice.Memory.Devices.Select(device => $"{device.Name} keeps {Bytes.Format(device.FreeAfterBytes)}"))})",
                "in proportion to free memory: layers differ in size, and the last GPU holds the output too");
        }

        if (placement.CpuMoeLayers > 0 && facts.PinnedSwitch(LlamaCppOptions.CpuMoe) != true)
        {
            options = log.Set(options, LlamaCppOptions.CpuMoeLayers, placement.CpuMoeLayers, tuned.Choice.Why, "whole layers in main memory: their attention would run on the processor too");
        }

        return options;
    }

    private static string[] Rejected(PlanFacts facts)
    {
        bool fastLinks = facts.Request.Topology.Links.Any(link => link.Nvlinks > 0);
        return
        [
            fastLinks ? "row and tensor: they share single matrices and may be faster over NVLink for one request, but not every model and cache type works with them; pin split-mode=row to try"
                : "row and tensor: they share single matrices and wait for the link in every layer, which pays only over NVLink",
        ];
    }
}
