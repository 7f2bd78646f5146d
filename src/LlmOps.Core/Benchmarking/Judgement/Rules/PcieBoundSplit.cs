using LlmOps.Benchmarking.Observation;
using LlmOps.Engines.LlamaCpp;

namespace LlmOps.Benchmarking.Judgement.Rules;

/// <summary>The model is split over GPUs, and a PCIe link carries about what it can.</summary>
internal sealed class PcieBoundSplit : ICauseRule
{
    /// <summary>Of what a link can carry; above it, transfers wait for one another.</summary>
    private const double BusyShare = 0.5;

    public LikelyCause? Look(JudgedPoint point)
    {
        if (point.Config is not { Devices.Count: > 1 } config)
        {
            return null;
        }

        GpuLoadFigures? busiest = point.Seen.Gpus.Where(gpu => gpu.PcieLinkBytesPerSecond is > 0).MaxBy(gpu => Rate(gpu) / gpu.PcieLinkBytesPerSecond);
        string mode = config.Options[LlamaCppOptions.SplitMode.Name] as string ?? "layer";
        return busiest is not null && Rate(busiest) > BusyShare * busiest.PcieLinkBytesPerSecond
            ? new LikelyCause("pcie-bound-split",
                CauseText.Of($"the link of GPU {busiest.Index} carried {Bytes.Format((long)Rate(busiest))}/s of the {Bytes.Format((long)busiest.PcieLinkBytesPerSecond!.Value)}/s that it can, with split mode {mode}"),
                "split-mode",
                mode == "layer" ? "Use fewer GPUs when the model fits, or a slot with more lanes for this one." : "Try --split-mode layer: whole layers a GPU need the least traffic between cards.")
            : null;
    }

    private static double Rate(GpuLoadFigures gpu) => Math.Max(gpu.PcieSentBytesPerSecond ?? 0, gpu.PcieReceivedBytesPerSecond ?? 0);
}
