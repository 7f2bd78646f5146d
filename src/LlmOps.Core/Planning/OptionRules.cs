using LlmOps.Engines;
using LlmOps.Engines.LlamaCpp;
using LlmOps.Hardware;

namespace LlmOps.Planning;

/// <summary>Turns a placement into options, each with its reason. A pinned option keeps its value.</summary>
/// <param name="facts">What the rules look at.</param>
/// <param name="log">Where reasons are noted.</param>
internal sealed class OptionRules(PlanFacts facts, DecisionLog log)
{
    private const long PromptCacheMiB = 8192;

    /// <summary>The options for <paramref name="choice"/>.</summary>
    public OptionSet Decide(PlacementChoice choice)
    {
        OptionSet options = OptionSet.Empty;
        options = Devices(options, choice);
        options = Context(options, choice.Placement);
        options = Attention(options, choice.Placement);
        options = Threads(options);
        options = Loading(options, choice);
        options = Serving(options);
        return Remaining(options);
    }

    private OptionSet Devices(OptionSet options, PlacementChoice choice)
    {
        Placement placement = choice.Placement;
        if (placement.Devices.Count == 0)
        {
            return options;
        }

        int all = facts.Model.LayerCount + 1;
        options = log.Set(options, LlamaCppOptions.GpuLayers, placement.GpuLayers, placement.GpuLayers == all ? $"all {facts.Model.LayerCount} layers and the output are on GPUs" : choice.Why);
        if (placement.Devices.Count > 1)
        {
            options = log.Set(options, LlamaCppOptions.SplitMode, "layer", "whole layers a GPU need the least traffic between cards", "row and tensor: they pay off only with fast links");
            double[] shares = [.. placement.Devices.Select(device => Math.Round(device.FreeBytes / (double)Bytes.GiB, 2))];
            options = log.Set(options, LlamaCppOptions.TensorSplit, shares, "in proportion to the memory that is free on each GPU");
        }
        else
        {
            options = log.Set(options, LlamaCppOptions.SplitMode, "none", "one GPU holds everything");
        }

        if (placement.CpuMoeLayers > 0)
        {
            options = log.Set(options, LlamaCppOptions.CpuMoeLayers, placement.CpuMoeLayers, choice.Why);
        }

        return options;
    }

    private OptionSet Context(OptionSet options, Placement placement)
    {
        long trained = facts.Model.ContextLength;
        long context = placement.ContextLength;
        string reason = trained == 0 ? "the model does not say what it was trained for"
            : context >= trained && placement.Unified ? $"all that the model was trained for ({trained})"
            : context >= trained ? $"{context / placement.Slots} for each of {placement.Slots} slots; the model was trained for {trained}"
            : placement.Devices.Count == 0 && context == LongestOnCpu(trained) ? $"reading more than {context} tokens on a processor takes minutes; the model was trained for {trained}"
            : $"the longest that fits; the model was trained for {trained}";
        options = log.Set(options, LlamaCppOptions.ContextLength, context, reason);
        options = log.Set(options, LlamaCppOptions.Parallel, placement.Slots, facts.Request.Mode == PlanMode.Stable ? "few slots keep each request's speed steady" : "enough for a handful of users; slots share the context and cost little memory");
        if (placement.Slots > 1 && facts.CanUnify)
        {
            options = log.Set(options, LlamaCppOptions.KvUnified, placement.Unified, $"a single request may use the whole context, not just 1/{placement.Slots} of it");
        }

        return options;
    }

    private static long LongestOnCpu(long trained) => Math.Min(trained, ServerPlanner.LongestCpuContext);

    private OptionSet Attention(OptionSet options, Placement placement)
    {
        options = log.Set(options, LlamaCppOptions.KvCacheTypeK, placement.TypeK, WhyCacheType(placement.TypeK));
        options = log.Set(options, LlamaCppOptions.KvCacheTypeV, placement.TypeV, WhyCacheType(placement.TypeV));
        bool quantised = KvCacheTypes.IsQuantised(placement.TypeV);
        string flash = quantised || facts.Engine?.Find("--flash-attn") is { TakesValue: false } ? placement.FlashAttention ? "on" : "off" : "auto";
        return log.Set(
            options,
            LlamaCppOptions.FlashAttention,
            flash,
            quantised ? "a quantised V cache needs it" : flash == "auto" ? "the engine switches it on where the device supports it" : flash == "on" ? "less memory and more speed at long contexts" : "this build has no flash attention");
    }

    private static string WhyCacheType(string type) => type == "f16" ? "full precision fits" : "half the memory of f16 with no loss that is noticed";

    private OptionSet Threads(OptionSet options)
    {
        CpuInfo cpu = facts.Request.Topology.Host.Cpu;
        if (cpu.PhysicalCores is not > 0 && cpu.LogicalCores is not > 0)
        {
            return options;
        }

        int cores = cpu.PhysicalCores is > 0 and var physical ? physical : cpu.LogicalCores!.Value;
        int usable = cpu.LogicalCores is > 0 and var allowed ? Math.Min(cores, allowed) : cores;
        if (cpu.QuotaCores is { } quota && quota < usable)
        {
            int limited = Math.Max(1, (int)Math.Floor(quota));
            return log.Set(options, LlamaCppOptions.Threads, limited, $"the control group allows {quota:0.##} processors' worth of time");
        }

        return log.Set(options, LlamaCppOptions.Threads, usable, cpu.LogicalCores > usable ? $"one a physical core; the other {cpu.LogicalCores - usable} hardware threads only compete for memory" : "one a core");
    }

    private OptionSet Loading(OptionSet options, PlacementChoice choice)
    {
        if (facts.Pins.Options.Contains(LlamaCppOptions.MemoryMap.Name) || facts.Pins.Options.Contains(LlamaCppOptions.MemoryLock.Name))
        {
            return options; // Both are said by the pins, below.
        }

        string why = choice.Placement.GpuLayers > facts.Model.LayerCount && choice.Placement.Devices.Count > 0
            ? "the file is read once, straight from the page cache to the GPUs"
            : "weights stay in the page cache and a restart finds them there";
        options = log.Set(options, LlamaCppOptions.MemoryMap, true, why);

        long? room = facts.Request.Topology.Host.Memory.AvailableBytes - choice.Memory.Host.UsedBytes;
        bool hasPromptCache = facts.Engine is null || facts.Engine.Find("--cache-ram") is not null;
        if (hasPromptCache && room < PromptCacheMiB * Bytes.MiB * 2)
        {
            long cache = Math.Max(0, room.Value / 4 / Bytes.MiB);
            options = log.Set(options, LlamaCppOptions.CacheRamMiB, cache, $"a quarter of the main memory that stays free; the engine would take up to {PromptCacheMiB} MiB");
        }

        return options;
    }

    private OptionSet Serving(OptionSet options)
    {
        if (LlamaCppCommandLine.CanRender(LlamaCppOptions.Fit, "off", facts.Engine))
        {
            options = log.Set(options, LlamaCppOptions.Fit, "off", "this plan has placed everything; the engine must not change it unasked");
        }

        if (facts.Model.ChatTemplate.Present && LlamaCppCommandLine.CanRender(LlamaCppOptions.Jinja, true, facts.Engine))
        {
            options = log.Set(options, LlamaCppOptions.Jinja, true, "the model carries a chat template; tool calls need it as it is");
        }

        return LlamaCppCommandLine.CanRender(LlamaCppOptions.Metrics, true, facts.Engine)
            ? log.Set(options, LlamaCppOptions.Metrics, true, "figures for monitoring cost nothing")
            : options;
    }

    private OptionSet Remaining(OptionSet options)
    {
        foreach ((string name, object value) in facts.Pins.Options.Values)
        {
            if (!options.Contains(name))
            {
                options = options.With(name, value);
                log.Add(name, EngineOption.Format(value), "as asked", [], isPinned: true);
            }
        }

        return options;
    }
}
