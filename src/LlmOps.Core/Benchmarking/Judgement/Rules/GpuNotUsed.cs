using LlmOps.Hardware;

namespace LlmOps.Benchmarking.Judgement.Rules;

/// <summary>The machine has GPUs and the configuration uses none.</summary>
internal sealed class GpuNotUsed : ICauseRule
{
    public LikelyCause? Look(JudgedPoint point)
    {
        GpuDevice[] gpus = [.. (point.Machine.Topology?.Gpus ?? []).Where(gpu => !gpu.IsIntegrated)];
        return point.Config is { Devices.Count: 0 } && gpus.Length > 0
            ? new LikelyCause(
                "gpu-not-used", CauseText.Of($"the configuration uses no GPU; this machine has {gpus.Length}, the first a {gpus[0].Name}"), "device",
                "Plan again with an engine built for this GPU ('llmops engine' lists what each sees).")
            : null;
    }
}
