using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;
using LlmOps.Hardware;

namespace LlmOps.Planning.Rules;

/// <summary>Processor threads, and how they are placed on NUMA nodes.</summary>
internal sealed class ThreadRule : IOptionRule
{
    // Sampling and the input table are all that is left when everything is on GPUs.
    private const int ThreadsBesideGpus = 8;

    /// <inheritdoc/>
    public OptionSet Apply(OptionSet options, PlanFacts facts, TunedPlacement tuned, DecisionLog log)
    {
        CpuInfo cpu = facts.Host.Cpu;
        if (cpu.PhysicalCores is not > 0 && cpu.LogicalCores is not > 0)
        {
            return options;
        }

        Placement placement = tuned.Placement;
        bool computes = placement.Devices.Count == 0 || placement.GpuLayers <= facts.Model.LayerCount || placement.CpuMoeLayers > 0 || !placement.OffloadsCache || facts.Pinned(LlamaCppOptions.OverrideTensor);
        int cores = cpu.PhysicalCores is > 0 and var physical ? physical : cpu.LogicalCores!.Value;
        int usable = cpu.LogicalCores is > 0 and var allowed ? Math.Min(cores, allowed) : cores;
        string reason = cpu.LogicalCores > usable ? $"one a physical core; the other {cpu.LogicalCores - usable} hardware threads only compete for memory" : "one a core";
        List<string> rejected = cpu.LogicalCores > usable ? [$"{cpu.LogicalCores}: hardware threads of one core share its units"] : [];
        if (cpu.QuotaCores is { } quota && quota < usable)
        {
            usable = Math.Max(1, (int)Math.Floor(quota));
            (reason, rejected) = ($"the control group allows {quota:0.##} processors' worth of time", []);
        }

        if (!computes && usable > ThreadsBesideGpus)
        {
            rejected = [$"{usable}: the rest would only wait"];
            (usable, reason) = (ThreadsBesideGpus, "everything is on GPUs; the processor only looks up tokens and samples");
        }

        options = log.Set(options, LlamaCppOptions.Threads, usable, reason, rejected);
        return computes && facts.Host.NumaNodes.Count(node => node.MemoryBytes is not 0) > 1 ? Numa(options, facts, log) : options;
    }

    private static OptionSet Numa(OptionSet options, PlanFacts facts, DecisionLog log) =>
        LlamaCppCommandLine.CanRender(LlamaCppOptions.Numa, "distribute", facts.Engine)
            ? log.Set(
                options,
                LlamaCppOptions.Numa,
                "distribute",
                $"weights in main memory are read through all {facts.Host.NumaNodes.Count} NUMA nodes at once",
                "isolate: only the memory of one node would be used, at its share of the bandwidth")
            : options;
}
